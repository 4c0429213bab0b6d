#include "sql/read_ahead.hpp"

#include <array>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace cairn {
namespace {

constexpr std::size_t page = 16;

void fill(ReadAhead& ahead, std::int64_t offset, const std::vector<char>& bytes, std::uint64_t writes) {
  std::memcpy(ahead.window(), bytes.data(), bytes.size());
  ahead.filled(offset, bytes.size(), writes);
}

TEST(ReadAhead, StartsOnlyWhenPagesAreReadInSequence) {
  ReadAhead ahead;
  EXPECT_FALSE(ahead.in_sequence(160, page));
  EXPECT_FALSE(ahead.in_sequence(320, page));
  EXPECT_FALSE(ahead.in_sequence(336, page));
  EXPECT_FALSE(ahead.in_sequence(352, page));
  EXPECT_TRUE(ahead.in_sequence(368, page));
  EXPECT_FALSE(ahead.in_sequence(0, page));
}

TEST(ReadAhead, GivesOnlyWhatItHolds) {
  ReadAhead ahead;
  std::array<char, page> out{};
  EXPECT_FALSE(ahead.take(0, page, 0, out.data())) << "an empty window holds nothing";
  std::vector<char> bytes(2 * page, 'a');
  std::fill(bytes.begin() + page, bytes.end(), 'b');
  fill(ahead, 64, bytes, 0);
  EXPECT_FALSE(ahead.take(48, page, 0, out.data()));
  EXPECT_FALSE(ahead.take(96, page, 0, out.data()));
  EXPECT_FALSE(ahead.take(88, page, 0, out.data())) << "the end of the page is not here";
  ASSERT_TRUE(ahead.take(80, page, 0, out.data()));
  EXPECT_EQ(out.front(), 'b');
  EXPECT_EQ(out.back(), 'b');
}

TEST(ReadAhead, HoldsNothingThatWasWrittenSince) {
  ReadAhead ahead;
  std::array<char, page> out{};
  fill(ahead, 0, std::vector<char>(page, 'a'), 4);
  EXPECT_TRUE(ahead.take(0, page, 4, out.data()));
  EXPECT_FALSE(ahead.take(0, page, 5, out.data())) << "a write is under way";
  EXPECT_FALSE(ahead.take(0, page, 6, out.data())) << "a write has ended";
}

TEST(ReadAhead, GoesOnBehindItsWindow) {
  ReadAhead ahead;
  std::array<char, page> out{};
  for (std::int64_t offset = 0; offset < 5 * 16; offset += 16) static_cast<void>(ahead.in_sequence(offset, page));
  fill(ahead, 80, std::vector<char>(2 * page, 'a'), 0);
  ASSERT_TRUE(ahead.take(80, page, 0, out.data()));
  ASSERT_TRUE(ahead.take(96, page, 0, out.data()));
  EXPECT_TRUE(ahead.in_sequence(112, page));
}

}  // namespace
}  // namespace cairn
