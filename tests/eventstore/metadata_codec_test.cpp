#include "metadata_codec.hpp"

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>
#include <cairn/eventstore/new_event.hpp>

#include "random_event.hpp"
#include "support/seed.hpp"

namespace cairn::log {
namespace {

using namespace std::string_literals;

Bytes encode(const Metadata& metadata) {
  Bytes out;
  const auto done = encode_metadata(metadata, out);
  EXPECT_TRUE(done) << done.error().to_string();
  return out;
}

Metadata full_metadata() {
  SeededRandom random{1};
  Metadata metadata;
  metadata.correlation_id = test::random_uuid(random);
  metadata.causation_id = test::random_uuid(random);
  metadata.occurred_at = Timestamp{std::chrono::microseconds{-1}};
  metadata.tags = {"owner:ann", "bank"};
  metadata.headers = {{"traceparent", "00-ab-cd-01"}, {"empty", ""}};
  return metadata;
}

/// Either the bytes are refused as corrupt, or they are exactly what the value they decode to is encoded as.
void expect_refused_or_canonical(const Bytes& encoded) {
  const auto decoded = decode_metadata(encoded);
  if (decoded) {
    ASSERT_EQ(encode(*decoded), encoded);
  } else {
    ASSERT_EQ(decoded.error().code(), Errc::corrupt);
  }
}

TEST(MetadataCodec, EmptyMetadataIsNoBytes) {
  EXPECT_TRUE(encode({}).empty());
  EXPECT_EQ(decode_metadata({}).value(), Metadata{});
}

TEST(MetadataCodec, EncodingOverwrites) {
  Bytes out = to_bytes("before");
  ASSERT_TRUE(encode_metadata({}, out));
  EXPECT_TRUE(out.empty());
}

TEST(MetadataCodec, RoundTripsAnyMetadata) {
  for (const std::uint64_t seed : test::seeds(500)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    const Metadata metadata = test::random_metadata(random);
    const auto decoded = decode_metadata(encode(metadata));
    ASSERT_TRUE(decoded) << decoded.error().to_string();
    ASSERT_EQ(*decoded, metadata);
  }
}

TEST(MetadataCodec, KeepsOrderAndRepetitionOfTagsAndHeaders) {
  Metadata metadata;
  metadata.tags = {"b", "a", "b"};
  metadata.headers = {{"z", "1"}, {"a", "2"}, {"z", "3"}};
  EXPECT_EQ(decode_metadata(encode(metadata)).value(), metadata);
}

TEST(MetadataCodec, EveryTruncationIsRefusedOrAShorterValue) {
  const Bytes encoded = encode(full_metadata());
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    const Bytes shorter(encoded.begin(), encoded.begin() + static_cast<std::ptrdiff_t>(size));
    expect_refused_or_canonical(shorter);
    if (decode_metadata(shorter)) ++accepted;
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(accepted, 7U) << "one before each of the seven fields";
}

TEST(MetadataCodec, EveryFlippedBitIsRefusedOrAnotherWellFormedValue) {
  Bytes encoded = encode(full_metadata());
  for (std::size_t bit = 0; bit < encoded.size() * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1U << (bit % 8));
    encoded[bit / 8] ^= mask;
    expect_refused_or_canonical(encoded);
    if (HasFatalFailure()) return;
    encoded[bit / 8] ^= mask;
  }
}

TEST(MetadataCodec, WhatItAcceptsItWouldHaveWritten) {
  for (const std::uint64_t seed : test::seeds(3000)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    Bytes encoded = encode(test::random_metadata(random));
    for (std::uint64_t changes = random.below(4); changes > 0 && !encoded.empty(); --changes) {
      encoded[random.below(encoded.size())] = static_cast<std::byte>(random.below(8));
    }
    expect_refused_or_canonical(encoded);
    expect_refused_or_canonical(test::random_bytes(random, random.below(60)));
    if (HasFatalFailure()) return;
  }
}

TEST(MetadataCodec, RefusesBytesThatNoMetadataHas) {
  const std::string uuid(16, 'u');
  const std::vector<std::pair<const char*, std::string>> cases{
      {"kind 0", "\x00"s},
      {"kind 6", "\x06"s},
      {"correlation id twice", "\x01" + uuid + "\x01" + uuid},
      {"causation id twice", "\x02" + uuid + "\x02" + uuid},
      {"occurred at twice", "\x03" + uuid.substr(8) + "\x03" + uuid.substr(8)},
      {"causation id before correlation id", "\x02" + uuid + "\x01" + uuid},
      {"tag before occurred at", "\x04\x01t\x03" + uuid.substr(8)},
      {"header before tag", "\x05\x01h\x00\x00\x04\x01t"s},
      {"empty tag", "\x04\x00"s},
      {"tag without a size", "\x04"},
      {"tag past the end", "\x04\x02t"},
      {"tag with a control character", "\x04\x02t\n"},
      {"tag that is not UTF-8", "\x04\x01\xff"},
      {"header without a name", "\x05\x00\x00\x00"s},
      {"header without a value size", "\x05\x01h\x00"s},
      {"header value past the end", "\x05\x01h\x02\x00v"s},
      {"header value that is not UTF-8", "\x05\x01h\x01\x00\x80"s},
  };
  for (const auto& [name, text] : cases) {
    const auto decoded = decode_metadata(as_bytes(text));
    ASSERT_FALSE(decoded) << name;
    EXPECT_EQ(decoded.error().code(), Errc::corrupt) << name;
  }
}

TEST(MetadataCodec, LimitsAreInclusive) {
  Metadata most;
  for (std::size_t i = 0; i < event_tags_max; ++i) most.tags.push_back("t" + std::to_string(i));
  for (std::size_t i = 0; i < event_headers_max; ++i) most.headers.emplace_back("h" + std::to_string(i), "v");
  EXPECT_EQ(decode_metadata(encode(most)).value(), most);

  Metadata longest;
  longest.tags = {std::string(255, 't')};
  longest.headers = {{std::string(255, 'h'), ""}};
  const std::size_t taken = encode(longest).size();
  longest.headers[0].second = std::string(event_metadata_bytes_max - taken, 'v');
  EXPECT_EQ(encode(longest).size(), event_metadata_bytes_max);
  EXPECT_EQ(decode_metadata(encode(longest)).value(), longest);
}

TEST(MetadataCodec, BeyondEachLimitIsInvalidAndSaysWhich) {
  const std::vector<std::string> tags(event_tags_max + 1, "t");
  const std::vector<std::pair<std::string, std::string>> headers(event_headers_max + 1, {"h", "v"});
  const std::vector<std::pair<Metadata, std::string>> cases{
      {{.tags = tags}, "metadata: 65 tags, at most 64"},
      {{.headers = headers}, "metadata: 65 headers, at most 64"},
      {{.tags = {"good", ""}}, "metadata: tag 2 is empty"},
      {{.tags = {std::string(256, 't')}}, "metadata: tag 1 has 256 bytes, at most 255"},
      {{.tags = {"a\nb"}}, "metadata: tag 1 has a control character at byte 1"},
      {{.headers = {{"", "v"}}}, "metadata: the name of header 1 is empty"},
      {{.headers = {{"h", "v\xff"}}}, "metadata: header 1 is not UTF-8 at byte 1"},
      {{.headers = {{"h", std::string(65'536, 'v')}}}, "metadata: header 1 has 65536 bytes, at most 65535"},
      {{.headers = {{"h", std::string(65'535, 'v')}}}, "metadata: 65540 bytes encoded, at most 65535"},
  };
  for (const auto& [metadata, message] : cases) {
    Bytes out;
    const auto done = encode_metadata(metadata, out);
    ASSERT_FALSE(done) << message;
    EXPECT_EQ(done.error().code(), Errc::invalid);
    EXPECT_EQ(done.error().message(), message);
  }
}

TEST(MetadataCodec, HeaderValuesMayHoldControlCharacters) {
  Metadata metadata;
  metadata.headers = {{"note", "line\nline\0end"s}};
  EXPECT_EQ(decode_metadata(encode(metadata)).value(), metadata);
}

TEST(MetadataWalker, StopsAtGarbageAndSaysWhere) {
  Bytes encoded = encode(full_metadata());
  encoded.push_back(std::byte{9});
  MetadataWalker walker{encoded};
  std::size_t fields = 0;
  while (walker.next()) ++fields;
  EXPECT_EQ(fields, 7U);
  EXPECT_FALSE(walker.at_end());
  EXPECT_EQ(walker.offset(), encoded.size() - 1);
  EXPECT_FALSE(walker.next()) << "garbage ends the walk for good";
}

TEST(ForEachTag, VisitsTagsInOrderUntilTold) {
  const Bytes encoded = encode(full_metadata());
  std::vector<std::string> seen;
  for_each_tag(encoded, [&](std::string_view tag) {
    seen.emplace_back(tag);
    return true;
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"owner:ann", "bank"}));
  seen.clear();
  for_each_tag(encoded, [&](std::string_view tag) {
    seen.emplace_back(tag);
    return false;
  });
  EXPECT_EQ(seen, std::vector<std::string>{"owner:ann"});
}

}  // namespace
}  // namespace cairn::log
