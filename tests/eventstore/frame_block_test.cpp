#include "frame_block.hpp"

#include <array>
#include <cstring>

#include <gtest/gtest.h>

#include <cairn/core/crc32c.hpp>
#include <cairn/core/random.hpp>

#include "frame.hpp"
#include "random_event.hpp"
#include "support/seed.hpp"

namespace cairn::log {
namespace {

constexpr std::uint64_t first = 1793;
constexpr std::uint32_t previous = 0x9F8E7D6C;

std::vector<Bytes> random_frames(Random& random, std::size_t count) {
  std::vector<Bytes> frames;
  for (std::size_t i = 0; i < count; ++i) {
    Bytes frame;
    encode_frame(test::random_name(random), test::random_event(random), {}, frame);
    place_frame(frame, {.position = first + i, .revision = i, .stream = 1, .type = 1, .recorded_at = Timestamp{}});
    frames.push_back(std::move(frame));
  }
  return frames;
}

Bytes build(const std::vector<Bytes>& frames, std::uint64_t at = first) {
  const std::vector<BytesView> views(frames.begin(), frames.end());
  Bytes block;
  build_block(at, previous, views, block);
  return block;
}

bool is_corrupt(const Result<BlockView>& parsed) { return !parsed && parsed.error().code() == Errc::corrupt; }

/// Makes the checksum right for whatever else the block holds.
Bytes sealed(Bytes block) {
  std::array<std::byte, 8> place{};
  std::memcpy(place.data(), &first, place.size());
  const BytesView view{block};
  const std::uint32_t crc = crc32c(view.subspan(16), crc32c(view.first(12), crc32c(place)));
  std::memcpy(&block[12], &crc, sizeof crc);
  return block;
}

Bytes with_number(Bytes block, std::size_t offset, std::uint32_t number) {
  std::memcpy(&block[offset], &number, sizeof number);
  return block;
}

TEST(ChunkArithmetic, HasTwoHundredFiftySixEventsInAChunk) {
  EXPECT_EQ(chunk_of(1), 0U);
  EXPECT_EQ(chunk_of(256), 0U);
  EXPECT_EQ(chunk_of(257), 1U);
  EXPECT_EQ(chunk_of(1801), 7U);
  EXPECT_EQ(first_position_of(0), 1U);
  EXPECT_EQ(first_position_of(7), 1793U);
  EXPECT_EQ(offset_entry(0), 16U);
  EXPECT_EQ(offset_entry(256), 16U + 1024U);
}

TEST(FrameBlock, GivesBackItsFrames) {
  for (const std::uint64_t seed : test::seeds(40)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    const std::vector<Bytes> frames = random_frames(random, 1 + random.below(chunk_events));
    const std::vector<BytesView> views(frames.begin(), frames.end());
    Bytes block = to_bytes("overwritten");
    const std::uint32_t crc = build_block(first, previous, views, block);

    const auto parsed = BlockView::parse(block, first, "chunk 7");
    ASSERT_TRUE(parsed) << parsed.error().to_string();
    EXPECT_EQ(parsed->crc(), crc);
    EXPECT_EQ(block_checksum(BytesView{block}.first(block_header_bytes)), crc);
    EXPECT_EQ(parsed->previous_crc(), previous);
    ASSERT_EQ(parsed->count(), frames.size());
    for (std::uint32_t i = 0; i < parsed->count(); ++i) {
      const BytesView frame = parsed->frame(i);
      ASSERT_EQ(Bytes(frame.begin(), frame.end()), frames[i]);
      ASSERT_TRUE(decode_frame(frame, first + i));
    }
  }
}

TEST(FrameBlock, OffsetEntriesFindAFrameWithoutTheOthers) {
  SeededRandom random{5};
  const std::vector<Bytes> frames = random_frames(random, 3);
  const Bytes block = build(frames);
  std::array<std::uint32_t, 2> range{};
  std::memcpy(range.data(), &block[offset_entry(1)], sizeof range);
  const BytesView frame = BytesView{block}.subspan(range[0], range[1] - range[0]);
  EXPECT_EQ(Bytes(frame.begin(), frame.end()), frames[1]);
}

TEST(FrameBlock, EveryFlippedBitIsFound) {
  SeededRandom random{6};
  Bytes block = build(random_frames(random, 3));
  for (std::size_t bit = 0; bit < block.size() * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1U << (bit % 8));
    block[bit / 8] ^= mask;
    ASSERT_TRUE(is_corrupt(BlockView::parse(block, first, "chunk 7"))) << "bit " << bit;
    block[bit / 8] ^= mask;
  }
  EXPECT_TRUE(BlockView::parse(block, first, "chunk 7"));
}

TEST(FrameBlock, EveryTruncationAndExtensionIsFound) {
  SeededRandom random{7};
  const Bytes block = build(random_frames(random, 3));
  for (std::size_t size = 0; size < block.size(); ++size) {
    const Bytes shorter(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_TRUE(is_corrupt(BlockView::parse(shorter, first, "chunk 7"))) << size;
  }
  Bytes longer = block;
  longer.push_back(std::byte{0});
  EXPECT_TRUE(is_corrupt(BlockView::parse(longer, first, "chunk 7")));
}

TEST(FrameBlock, PassesAtItsOwnPlaceOnly) {
  SeededRandom random{8};
  const Bytes block = build(random_frames(random, 2));
  for (const std::uint64_t other : {first - 256, first - 1, first + 1, first + 256, std::uint64_t{1}}) {
    EXPECT_TRUE(is_corrupt(BlockView::parse(block, other, "chunk 7"))) << other;
  }
}

TEST(FrameBlock, RefusesAWrongLayoutUnderARightChecksum) {
  SeededRandom random{9};
  const std::vector<Bytes> frames = random_frames(random, 2);
  const Bytes block = build(frames);
  const auto second_begin = static_cast<std::uint32_t>(offset_entry(3) + frames[0].size());
  const auto size = static_cast<std::uint32_t>(block.size());
  struct Case {
    const char* name;
    Bytes block;
  };
  const std::vector<Case> cases{
      {"magic", with_number(block, 0, 0x326B7243)},
      {"no frames", with_number(block, 4, 0)},
      {"fewer frames than offsets", with_number(block, 4, 1)},
      {"more frames than fit", with_number(block, 4, 0xFFFF'FFFF)},
      {"first frame over the offsets", with_number(block, 16, 27)},
      {"frame that ends before it begins", with_number(block, 20, 0)},
      {"frame without a name",
       with_number(block, 20, second_begin - static_cast<std::uint32_t>(frames[0].size()) + 64)},
      {"last frame short of the end", with_number(block, 24, size - 1)},
      {"last frame past the end", with_number(block, 24, size + 1)},
      {"last frame at the top of 32 bits", with_number(block, 24, 0xFFFF'FFFF)},
  };
  EXPECT_TRUE(BlockView::parse(sealed(block), first, "chunk 7"));
  for (const Case& bad : cases) {
    EXPECT_TRUE(is_corrupt(BlockView::parse(sealed(bad.block), first, "chunk 7"))) << bad.name;
  }
}

TEST(FrameBlock, WhatItAcceptsStaysInside) {
  SeededRandom random{10};
  const Bytes block = build(random_frames(random, 4));
  for (const std::uint64_t seed : test::seeds(2000)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom choice{seed};
    Bytes changed = block;
    for (std::uint64_t changes = 1 + choice.below(3); changes > 0; --changes) {
      const auto offset = static_cast<std::uint32_t>(choice.below(block.size() + 2));
      changed = with_number(changed, offset_entry(static_cast<std::uint32_t>(choice.below(5))), offset);
    }
    changed = sealed(changed);
    const auto parsed = BlockView::parse(changed, first, "chunk 7");
    if (!parsed) continue;
    for (std::uint32_t i = 0; i < parsed->count(); ++i) {
      const BytesView frame = parsed->frame(i);
      ASSERT_GT(frame.size(), frame_header_bytes);
      ASSERT_GE(frame.data(), changed.data() + offset_entry(5));
      ASSERT_LE(frame.data() + frame.size(), changed.data() + changed.size());
    }
  }
}

TEST(FrameBlock, SaysWhichBlock) {
  const auto parsed = BlockView::parse({}, first, "chunk 7");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().number("position"), first);
  EXPECT_EQ(parsed.error().to_string(), "corrupt: chunk 7 from event 1793 on: 0 bytes are too few for a block");
}

}  // namespace
}  // namespace cairn::log
