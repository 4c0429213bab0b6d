#include "frame.hpp"

#include <array>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include <cairn/core/crc32c.hpp>
#include <cairn/core/random.hpp>

#include "metadata_codec.hpp"
#include "random_event.hpp"
#include "support/seed.hpp"

namespace cairn::log {
namespace {

constexpr std::uint64_t position = 1801;
constexpr FramePlace place{.position = position,
                           .revision = 3,
                           .stream = 1,
                           .type = 7,
                           .recorded_at = Timestamp{std::chrono::microseconds{1704067200250000}}};

Bytes encode(std::string_view stream, const NewEvent& event, const FramePlace& at = place) {
  Bytes metadata;
  EXPECT_TRUE(encode_metadata(event.metadata, metadata));
  Bytes frame;
  encode_frame(stream, event, metadata, frame);
  EXPECT_EQ(frame.size(), frame_size(stream, metadata.size(), event.data.size()));
  place_frame(frame, at);
  return frame;
}

NewEvent small_event() {
  SeededRandom random{1};
  NewEvent event{.id = test::random_uuid(random), .type = "account.opened", .data = to_bytes("{}")};
  event.metadata.tags = {"owner:ann"};
  return event;
}

bool lies_within(BytesView part, BytesView whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

bool is_corrupt(const Result<FrameView>& decoded) { return !decoded && decoded.error().code() == Errc::corrupt; }

void expect_holds(const FrameView& view, std::string_view stream, const NewEvent& event, const FramePlace& at) {
  EXPECT_EQ(view.stream_name, stream);
  EXPECT_EQ(view.id, event.id);
  EXPECT_EQ(view.schema_version, event.schema_version);
  EXPECT_EQ(view.content_type, event.content_type);
  EXPECT_EQ(view.data_size, event.data.size());
  EXPECT_EQ(view.revision, at.revision);
  EXPECT_EQ(view.stream, at.stream);
  EXPECT_EQ(view.type, at.type);
  EXPECT_EQ(view.recorded_at, at.recorded_at);
  const auto metadata = decode_metadata(view.metadata);
  ASSERT_TRUE(metadata);
  EXPECT_EQ(*metadata, event.metadata);
}

TEST(Frame, RoundTripsAnyEvent) {
  for (const std::uint64_t seed : test::seeds(300)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    const std::string stream = test::random_name(random, 255);
    const NewEvent event = test::random_event(random);
    const FramePlace at{.position = random.next(),
                        .revision = random.next(),
                        .stream = static_cast<std::uint32_t>(random.next()),
                        .type = static_cast<std::uint32_t>(random.next()),
                        .recorded_at = Timestamp{std::chrono::microseconds{static_cast<std::int64_t>(random.next())}}};
    const Bytes frame = encode(stream, event, at);

    const auto checked = decode_frame(frame, at.position);
    ASSERT_TRUE(checked) << checked.error().to_string();
    expect_holds(*checked, stream, event, at);
    EXPECT_EQ(Bytes(checked->data.begin(), checked->data.end()), event.data);
    EXPECT_FALSE(checked->external);
    EXPECT_EQ(checked->data_crc, 0U);

    const auto verified = decode_verified_frame(frame);
    ASSERT_TRUE(verified);
    expect_holds(*verified, stream, event, at);
    EXPECT_EQ(Bytes(verified->data.begin(), verified->data.end()), event.data);
    if (HasFailure()) return;
  }
}

TEST(Frame, KeepsDataUpToTheLimitAndSendsLargerDataAway) {
  SeededRandom random{2};
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, inline_data_bytes_max, inline_data_bytes_max + 1, event_data_bytes_max}) {
    SCOPED_TRACE(size);
    NewEvent event = small_event();
    event.data = test::random_bytes(random, size);
    const Bytes frame = encode("s", event);
    const auto view = decode_frame(frame, position);
    ASSERT_TRUE(view) << view.error().to_string();
    EXPECT_EQ(view->data_size, size);
    if (size > inline_data_bytes_max) {
      EXPECT_TRUE(view->external);
      EXPECT_TRUE(view->data.empty());
      EXPECT_EQ(view->data_crc, crc32c(event.data));
      EXPECT_EQ(frame.size(), frame_header_bytes + 1 + view->metadata.size());
    } else {
      EXPECT_FALSE(view->external);
      EXPECT_EQ(Bytes(view->data.begin(), view->data.end()), event.data);
    }
  }
}

TEST(Frame, TakesTheLongestNameAndTheMostMetadata) {
  NewEvent event = small_event();
  event.metadata = {};
  event.metadata.headers.emplace_back("h", std::string(event_metadata_bytes_max - 5, 'x'));
  const std::string stream(255, 's');
  const Bytes frame = encode(stream, event);
  const auto view = decode_frame(frame, position);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->stream_name, stream);
  EXPECT_EQ(view->metadata.size(), event_metadata_bytes_max);
  EXPECT_EQ(as_text(view->data), "{}");
}

TEST(Frame, EncodingAppendsAndLeavesWhatIsThere) {
  Bytes out = to_bytes("before");
  Bytes metadata;
  encode_frame("a", small_event(), metadata, out);
  encode_frame("b", small_event(), metadata, out);
  EXPECT_EQ(as_text(BytesView{out}.first(6)), "before");
  EXPECT_EQ(out.size(), 6 + 2 * frame_size("a", 0, 2));
}

TEST(Frame, PassesAtItsOwnPositionOnly) {
  const Bytes frame = encode("account-42", small_event());
  EXPECT_TRUE(decode_frame(frame, position));
  for (const std::uint64_t other : {position - 1, position + 1, position + 256, position << 32U, std::uint64_t{0}}) {
    const auto decoded = decode_frame(frame, other);
    ASSERT_TRUE(is_corrupt(decoded)) << other;
    EXPECT_EQ(decoded.error().number("position"), other);
  }
}

TEST(Frame, PositionsBelowFourBillionHaveDifferentSeeds) {
  SeededRandom random{3};
  const Bytes frame = encode("account-42", small_event());
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t other = random.below(std::uint64_t{1} << 32U);
    if (other == position) continue;
    ASSERT_TRUE(is_corrupt(decode_frame(frame, other))) << other;
  }
}

TEST(Frame, EveryFlippedBitIsFound) {
  Bytes frame = encode("account-42", small_event());
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1U << (bit % 8));
    frame[bit / 8] ^= mask;
    ASSERT_TRUE(is_corrupt(decode_frame(frame, position))) << "bit " << bit;
    frame[bit / 8] ^= mask;
  }
  EXPECT_TRUE(decode_frame(frame, position));
}

TEST(Frame, EveryFlippedBitOfAnExternalFrameIsFound) {
  NewEvent event = small_event();
  event.data.resize(inline_data_bytes_max + 1);
  Bytes frame = encode("account-42", event);
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1U << (bit % 8));
    frame[bit / 8] ^= mask;
    ASSERT_TRUE(is_corrupt(decode_frame(frame, position))) << "bit " << bit;
    frame[bit / 8] ^= mask;
  }
}

TEST(Frame, EveryTruncationAndExtensionIsFound) {
  const Bytes frame = encode("account-42", small_event());
  for (std::size_t size = 0; size < frame.size(); ++size) {
    const Bytes shorter(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_TRUE(is_corrupt(decode_frame(shorter, position))) << size;
    ASSERT_FALSE(decode_verified_frame(shorter)) << size;
  }
  Bytes longer = frame;
  longer.push_back(std::byte{0});
  EXPECT_TRUE(is_corrupt(decode_frame(longer, position)));
  EXPECT_FALSE(decode_verified_frame(longer));
}

/// Flips one bit and makes the checksum right again, as a writer with a bug would.
Bytes sealed_with_flip(const Bytes& frame, std::size_t offset, unsigned mask) {
  Bytes changed = frame;
  changed[offset] ^= static_cast<std::byte>(mask);
  std::array<std::byte, 8> seed{};
  std::memcpy(seed.data(), &position, seed.size());
  const std::uint32_t crc = crc32c(BytesView{changed}.subspan(4), crc32c(seed));
  std::memcpy(changed.data(), &crc, sizeof crc);
  return changed;
}

TEST(Frame, RefusesWhatFormatOneDoesNotKnow) {
  const Bytes frame = encode("account-42", small_event());
  ASSERT_TRUE(decode_frame(sealed_with_flip(frame, 32, 1), position)) << "the helper seals";
  for (unsigned bit = 1; bit < 8; ++bit) {
    const Bytes flagged = sealed_with_flip(frame, 11, 1U << bit);
    EXPECT_TRUE(is_corrupt(decode_frame(flagged, position))) << "flag " << bit;
    EXPECT_FALSE(decode_verified_frame(flagged)) << "flag " << bit;
  }
  for (const std::size_t zero : {13U, 14U, 15U}) {
    EXPECT_TRUE(is_corrupt(decode_frame(sealed_with_flip(frame, zero, 0x10), position))) << "offset " << zero;
  }
  EXPECT_TRUE(is_corrupt(decode_frame(sealed_with_flip(frame, 28, 1), position))) << "payload checksum, no payload";
}

TEST(Frame, HandsOnAnUnknownContentType) {
  const Bytes frame = sealed_with_flip(encode("account-42", small_event()), 12, 0x40);
  const auto view = decode_frame(frame, position);
  ASSERT_TRUE(view);
  EXPECT_EQ(static_cast<std::uint8_t>(view->content_type), 0x41);
}

TEST(Frame, VerifiedDecodingStaysInsideWhateverItIsGiven) {
  for (const std::uint64_t seed : test::seeds(2000)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    Bytes garbage = test::random_bytes(random, random.below(200));
    if (garbage.size() >= frame_header_bytes + 1) {
      // Sizes that often fit: small ones, and the data takes what is left.
      const std::size_t body = garbage.size() - frame_header_bytes;
      const std::size_t stream = 1 + random.below(body);
      const std::size_t metadata = random.below(body - stream + 1);
      const auto data = static_cast<std::uint32_t>(body - stream - metadata + random.below(2));
      std::memcpy(&garbage[4], &data, sizeof data);
      garbage[8] = static_cast<std::byte>(metadata);
      garbage[9] = std::byte{0};
      garbage[10] = static_cast<std::byte>(stream);
      garbage[11] = std::byte{0};
    }
    const auto view = decode_verified_frame(garbage);
    if (!view) continue;
    ASSERT_FALSE(view->stream_name.empty());
    ASSERT_TRUE(lies_within(as_bytes(view->stream_name), garbage));
    ASSERT_TRUE(lies_within(view->metadata, garbage));
    ASSERT_TRUE(lies_within(view->data, garbage));
  }
}

TEST(Frame, SaysWhichEventAndWhichChecksum) {
  Bytes frame = encode("account-42", small_event());
  std::uint32_t stored = 0;
  std::memcpy(&stored, frame.data(), sizeof stored);
  frame.back() ^= std::byte{1};
  const auto decoded = decode_frame(frame, position);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().message().substr(0, 21), "event 1801: checksum ");
  std::array<char, 9> hex{};
  std::snprintf(hex.data(), hex.size(), "%08x", stored);
  EXPECT_NE(decoded.error().message().find(std::string{"expected "} + hex.data()), std::string::npos);
}

}  // namespace
}  // namespace cairn::log
