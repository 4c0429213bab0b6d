#include "posting_codec.hpp"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>

#include "random_event.hpp"
#include "support/seed.hpp"

namespace cairn::log {
namespace {

using Positions = std::vector<std::uint64_t>;

constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t count_max = 512;

Bytes bytes(std::initializer_list<int> values) {
  Bytes out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

Bytes encoded(std::uint64_t base, const Positions& positions) {
  Bytes out;
  encode_positions(base, positions, out);
  return out;
}

/// Ascending positions above `base`, with small and large steps.
Positions random_positions(Random& random, std::uint64_t base) {
  Positions positions;
  for (std::uint64_t left = random.below(count_max + 1); left > 0; --left) {
    const std::uint64_t step = 1 + random.below(std::uint64_t{1} << random.below(53));
    base += step;
    positions.push_back(base);
  }
  return positions;
}

TEST(PostingCodec, WritesDifferencesAsVarints) {
  EXPECT_EQ(encoded(0, {1, 3, 130, 16514}), bytes({0x01, 0x02, 0x7F, 0x80, 0x80, 0x01}));
  EXPECT_EQ(encoded(1, {3}), bytes({0x02}));
  EXPECT_EQ(encoded(0, {}), bytes({}));
  EXPECT_EQ(encoded(0, {highest}), bytes({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}));
}

TEST(PostingCodec, EncodingOverwrites) {
  Bytes out = bytes({9, 9, 9});
  encode_positions(0, Positions{5}, out);
  EXPECT_EQ(out, bytes({5}));
}

TEST(PostingCodec, RoundTripsAnyAscendingPositions) {
  for (const std::uint64_t seed : test::seeds(200)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    const std::uint64_t base = random.below(1000);
    const Positions positions = random_positions(random, base);
    Positions read{7};
    ASSERT_TRUE(decode_positions(base, encoded(base, positions), count_max, read));
    ASSERT_EQ(read.front(), 7U);
    ASSERT_TRUE(std::ranges::equal(std::span{read}.subspan(1), positions));
  }
}

TEST(PostingCodec, DecodingAppends) {
  Positions out{4};
  ASSERT_TRUE(decode_positions(4, bytes({1, 2}), count_max, out));
  EXPECT_EQ(out, (Positions{4, 5, 7}));
}

TEST(PostingCodec, RefusesWhatNoEncoderWrites) {
  struct Case {
    const char* name;
    std::uint64_t base;
    Bytes encoded;
  };
  const std::vector<Case> cases{
      {"truncated", 0, bytes({0x01, 0x80})},
      {"zero difference", 0, bytes({0x01, 0x00})},
      {"longer than need be", 0, bytes({0x81, 0x00})},
      {"over 64 bits in one varint", 0, bytes({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02})},
      {"eleven bytes", 0, bytes({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x81, 0x00})},
      {"sum over 64 bits", highest, bytes({0x01})},
  };
  for (const Case& bad : cases) {
    SCOPED_TRACE(bad.name);
    Positions out{1, 2};
    const auto done = decode_positions(bad.base, bad.encoded, count_max, out);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code(), Errc::corrupt);
    EXPECT_EQ(out, (Positions{1, 2}));
  }
}

TEST(PostingCodec, HoldsCountMaxAndNotOneMore) {
  const Bytes three = bytes({1, 1, 1});
  Positions out;
  EXPECT_TRUE(decode_positions(0, three, 3, out));
  out.clear();
  const auto done = decode_positions(0, three, 2, out);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Errc::corrupt);
  EXPECT_TRUE(out.empty());
}

TEST(PostingCodec, WhatItAcceptsItWouldHaveWritten) {
  for (const std::uint64_t seed : test::seeds(2000)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    Bytes garbage = test::random_bytes(random, random.below(24));
    // Mostly short varints, so that many are accepted.
    for (std::byte& byte : garbage) {
      if (random.below(4) != 0) byte &= std::byte{0x7F};
    }
    const std::uint64_t base = random.next();
    Positions out;
    if (!decode_positions(base, garbage, count_max, out)) continue;
    ASSERT_TRUE(std::ranges::is_sorted(out, std::less_equal<>{}) || out.size() < 2);
    ASSERT_EQ(encoded(base, out), garbage);
  }
}

}  // namespace
}  // namespace cairn::log
