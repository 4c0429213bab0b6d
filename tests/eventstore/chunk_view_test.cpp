#include "chunk_view.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/crc32c.hpp>
#include <cairn/core/random.hpp>

#include "frame.hpp"
#include "random_event.hpp"
#include "support/seed.hpp"

namespace cairn::log {
namespace {

constexpr std::uint64_t number = 7;
constexpr std::uint32_t previous = 0x9F8E7D6C;
constexpr std::uint32_t link = 0x01234567;

std::vector<Bytes> random_frames(Random& random) {
  std::vector<Bytes> frames;
  for (std::uint32_t i = 0; i < chunk_events; ++i) {
    Bytes frame;
    encode_frame(test::random_name(random), test::random_event(random), {}, frame);
    place_frame(
        frame,
        {.position = first_position_of(number) + i, .revision = i, .stream = 1, .type = 1, .recorded_at = Timestamp{}});
    frames.push_back(std::move(frame));
  }
  return frames;
}

Bytes thin(const std::vector<Bytes>& frames, const std::set<std::uint32_t>& removed) {
  std::vector<BytesView> views(frames.begin(), frames.end());
  for (const std::uint32_t slot : removed) views[slot] = {};
  Bytes body;
  build_thin_chunk(number, previous, link, views, body);
  return body;
}

std::set<std::uint32_t> random_slots(Random& random) {
  std::set<std::uint32_t> slots;
  const std::uint64_t density = random.below(9);
  for (std::uint32_t slot = 0; slot < chunk_events; ++slot) {
    if (random.below(8) < density) slots.insert(slot);
  }
  return slots;
}

/// Makes the checksum right for whatever else the chunk holds.
Bytes sealed(Bytes body) {
  std::array<std::byte, 8> place{};
  store_little(place.data(), first_position_of(number));
  const BytesView view{body};
  store_little(&body[12], crc32c(view.subspan(16), crc32c(view.first(12), crc32c(place))));
  return body;
}

bool is_corrupt(const Result<ChunkView>& parsed) { return !parsed && parsed.error().code() == Errc::corrupt; }

TEST(KeptSlots, CountsThoseBelow) {
  for (const std::uint64_t seed : test::seeds(20)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    const std::set<std::uint32_t> slots = random_slots(random);
    KeptSlots kept;
    for (const std::uint32_t slot : slots) kept.add(slot);
    EXPECT_EQ(kept.count(), slots.size());
    std::uint32_t before = 0;
    for (std::uint32_t slot = 0; slot < chunk_events; ++slot) {
      EXPECT_EQ(kept.holds(slot), slots.contains(slot));
      EXPECT_EQ(kept.before(slot), before);
      if (slots.contains(slot)) ++before;
    }
  }
  EXPECT_EQ(KeptSlots::all().count(), chunk_events);
}

TEST(ThinChunk, GivesBackTheFramesItKept) {
  for (const std::uint64_t seed : test::seeds(40)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    const std::vector<Bytes> frames = random_frames(random);
    const std::set<std::uint32_t> removed = random_slots(random);
    const Bytes body = thin(frames, removed);
    const auto parsed = ChunkView::parse(body, number);
    ASSERT_TRUE(parsed) << parsed.error().to_string();
    EXPECT_EQ(parsed->previous_crc(), previous);
    EXPECT_EQ(parsed->link(), link);
    EXPECT_EQ(parsed->kept().count(), chunk_events - removed.size());
    for (std::uint32_t slot = 0; slot < chunk_events; ++slot) {
      ASSERT_EQ(parsed->kept().holds(slot), !removed.contains(slot));
      if (removed.contains(slot)) continue;
      const BytesView frame = parsed->frame(slot);
      EXPECT_TRUE(std::ranges::equal(frame, frames[slot]));
      EXPECT_TRUE(decode_frame(frame, first_position_of(number) + slot)) << "its checksum is of its place";
    }
  }
}

TEST(ThinChunk, OfRemovedEventsAloneHasFiftySixBytes) {
  SeededRandom random{1};
  std::set<std::uint32_t> every;
  for (std::uint32_t slot = 0; slot < chunk_events; ++slot) every.insert(slot);
  const Bytes body = thin(random_frames(random), every);
  EXPECT_EQ(body.size(), 56U);
  EXPECT_EQ(ChunkView::parse(body, number).value().kept().count(), 0U);
}

TEST(ThinChunk, IsNoBlockToAReaderOfWholeOnes) {
  SeededRandom random{1};
  const auto parsed = BlockView::parse(thin(random_frames(random), {3}), first_position_of(number), "chunk");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code(), Errc::corrupt);
}

TEST(ThinChunk, AnyFlippedBitAndAnyOtherSizeIsFound) {
  SeededRandom random{1};
  std::set<std::uint32_t> removed;
  for (std::uint32_t slot = 4; slot < chunk_events; ++slot) removed.insert(slot);
  Bytes body = thin(random_frames(random), removed);
  for (std::size_t bit = 0; bit < body.size() * 8; ++bit) {
    body[bit / 8] ^= std::byte{1} << (bit % 8);
    ASSERT_TRUE(is_corrupt(ChunkView::parse(body, number))) << "bit " << bit;
    body[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  ASSERT_TRUE(ChunkView::parse(body, number));
  for (std::size_t size = 0; size < body.size(); ++size) {
    ASSERT_TRUE(is_corrupt(ChunkView::parse(BytesView{body}.first(size), number))) << size;
  }
  Bytes longer = body;
  longer.push_back(std::byte{0});
  EXPECT_TRUE(is_corrupt(ChunkView::parse(longer, number)));
  EXPECT_TRUE(is_corrupt(ChunkView::parse(body, number + 1))) << "another chunk's place";
}

TEST(ThinChunk, WhatAGoodChecksumCannotExcuse) {
  SeededRandom random{1};
  const Bytes body = thin(random_frames(random), {0, 9});
  const auto with = [&](std::size_t at, std::uint32_t value) {
    Bytes changed = body;
    store_little(&changed[at], value);
    return sealed(changed);
  };
  ASSERT_TRUE(ChunkView::parse(sealed(body), number));
  EXPECT_TRUE(is_corrupt(ChunkView::parse(with(4, 255), number))) << "another count";
  EXPECT_TRUE(is_corrupt(ChunkView::parse(with(20, 0xFFFFFFFF), number))) << "one frame more than there is";
  EXPECT_TRUE(is_corrupt(ChunkView::parse(with(20, 0), number))) << "fewer frames than there are";
  EXPECT_TRUE(is_corrupt(ChunkView::parse(with(thin_chunk_header_bytes, 52), number))) << "frames over the offsets";
  EXPECT_TRUE(is_corrupt(ChunkView::parse(with(thin_chunk_header_bytes + 4, 0xFFFFFFF0), number))) << "out of bounds";
}

TEST(WholeChunk, HasAllItsFramesAndLinksByItsChecksum) {
  SeededRandom random{1};
  const std::vector<Bytes> frames = random_frames(random);
  const std::vector<BytesView> views(frames.begin(), frames.end());
  Bytes body;
  const std::uint32_t crc = build_block(first_position_of(number), previous, views, body);
  const auto parsed = ChunkView::parse(body, number).value();
  EXPECT_EQ(parsed.link(), crc);
  EXPECT_EQ(parsed.previous_crc(), previous);
  EXPECT_EQ(parsed.kept(), KeptSlots::all());
  for (std::uint32_t slot = 0; slot < chunk_events; ++slot) {
    EXPECT_TRUE(std::ranges::equal(parsed.frame(slot), frames[slot]));
  }
}

}  // namespace
}  // namespace cairn::log
