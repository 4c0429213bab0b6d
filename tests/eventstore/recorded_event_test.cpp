#include <cairn/eventstore/recorded_event.hpp>

#include <algorithm>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>

#include "metadata_codec.hpp"
#include "random_event.hpp"
#include "support/seed.hpp"

namespace cairn {
namespace {

Bytes encode(const Metadata& metadata) {
  Bytes out;
  EXPECT_TRUE(log::encode_metadata(metadata, out));
  return out;
}

TEST(MetadataView, AnswersWhatTheMetadataHolds) {
  for (const std::uint64_t seed : test::seeds(300)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    const Metadata metadata = test::random_metadata(random);
    const Bytes encoded = encode(metadata);
    const MetadataView view{encoded};
    ASSERT_EQ(view.correlation_id(), metadata.correlation_id);
    ASSERT_EQ(view.causation_id(), metadata.causation_id);
    ASSERT_EQ(view.occurred_at(), metadata.occurred_at);
    for (const std::string& tag : metadata.tags) ASSERT_TRUE(view.has_tag(tag));
    ASSERT_FALSE(view.has_tag("no such tag"));
    for (const auto& [name, value] : metadata.headers) {
      const auto first = std::ranges::find(metadata.headers, name, &std::pair<std::string, std::string>::first);
      ASSERT_EQ(view.header(name), first->second);
    }
    ASSERT_EQ(view.header("no such header"), std::nullopt);
    ASSERT_EQ(view.to_owned(), metadata);
  }
}

TEST(MetadataView, OfNothingHoldsNothing) {
  const MetadataView view;
  EXPECT_EQ(view.correlation_id(), std::nullopt);
  EXPECT_EQ(view.causation_id(), std::nullopt);
  EXPECT_EQ(view.occurred_at(), std::nullopt);
  EXPECT_FALSE(view.has_tag(""));
  EXPECT_EQ(view.header(""), std::nullopt);
  EXPECT_EQ(view.to_owned(), Metadata{});
}

TEST(MetadataView, ATagIsNoPrefixOfAnother) {
  Metadata metadata;
  metadata.tags = {"owner:anna"};
  const Bytes encoded = encode(metadata);
  EXPECT_FALSE(MetadataView{encoded}.has_tag("owner:ann"));
  EXPECT_FALSE(MetadataView{encoded}.has_tag("owner:annab"));
}

/// Every accessor on bytes that need not be metadata: under a sanitizer a read outside them ends the test, and
/// what is handed out lies inside.
void expect_inside(const Bytes& encoded) {
  const MetadataView view{encoded};
  const auto inside = [&](std::string_view text) {
    const BytesView bytes = as_bytes(text);
    return bytes.data() >= encoded.data() && bytes.data() + bytes.size() <= encoded.data() + encoded.size();
  };
  (void)view.correlation_id();
  (void)view.causation_id();
  (void)view.occurred_at();
  (void)view.has_tag("owner:ann");
  log::for_each_tag(encoded, [&](std::string_view tag) {
    EXPECT_TRUE(inside(tag));
    return true;
  });
  for (const auto& [name, value] : view.to_owned().headers) {
    const auto found = view.header(name);
    ASSERT_TRUE(found);
    EXPECT_TRUE(inside(*found));
  }
}

TEST(MetadataView, NeverReadsOutsideGarbage) {
  for (const std::uint64_t seed : test::seeds(3000)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    Bytes encoded = encode(test::random_metadata(random));
    if (!encoded.empty()) encoded[random.below(encoded.size())] = static_cast<std::byte>(random.below(256));
    encoded.resize(random.below(encoded.size() + 1));
    encoded.shrink_to_fit();
    expect_inside(encoded);
    expect_inside(test::random_bytes(random, random.below(40)));
    if (HasFailure()) return;
  }
}

TEST(OwnedEvent, OutlivesWhatItWasCopiedFrom) {
  SeededRandom random{4};
  const Metadata metadata = test::random_metadata(random);
  const Uuid id = test::random_uuid(random);
  OwnedEvent owned;
  {
    std::string stream = "account-42";
    std::string type = "account.opened";
    Bytes data = to_bytes("{}");
    Bytes encoded = encode(metadata);
    owned = OwnedEvent{RecordedEvent{.position = {1801},
                                     .stream = stream,
                                     .revision = {3},
                                     .id = id,
                                     .type = type,
                                     .schema_version = 2,
                                     .content_type = ContentType::protobuf,
                                     .recorded_at = Timestamp{std::chrono::microseconds{5}},
                                     .data = data,
                                     .metadata = MetadataView{encoded}}};
    std::ranges::fill(stream, '?');
    std::ranges::fill(type, '?');
    std::ranges::fill(data, std::byte{0});
    std::ranges::fill(encoded, std::byte{0});
  }
  EXPECT_EQ(owned.position, GlobalPosition{1801});
  EXPECT_EQ(owned.stream, "account-42");
  EXPECT_EQ(owned.revision, Revision{3});
  EXPECT_EQ(owned.id, id);
  EXPECT_EQ(owned.type, "account.opened");
  EXPECT_EQ(owned.schema_version, 2U);
  EXPECT_EQ(owned.content_type, ContentType::protobuf);
  EXPECT_EQ(owned.recorded_at, Timestamp{std::chrono::microseconds{5}});
  EXPECT_EQ(owned.data, to_bytes("{}"));
  EXPECT_EQ(owned.metadata, metadata);
}

}  // namespace
}  // namespace cairn
