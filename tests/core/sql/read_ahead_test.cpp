#include "sql/read_ahead.hpp"

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
  EXPECT_EQ(ahead.find(0, page, 0), nullptr) << "an empty window holds nothing";
  std::vector<char> bytes(2 * page, 'a');
  std::fill(bytes.begin() + page, bytes.end(), 'b');
  fill(ahead, 64, bytes, 0);
  EXPECT_EQ(ahead.find(48, page, 0), nullptr);
  EXPECT_EQ(ahead.find(96, page, 0), nullptr);
  EXPECT_EQ(ahead.find(88, page, 0), nullptr) << "the end of the page is not here";
  const std::byte* second = ahead.find(80, page, 0);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second[0], std::byte{'b'});
  EXPECT_EQ(second[page - 1], std::byte{'b'});
}

TEST(ReadAhead, HoldsNothingThatWasWrittenSince) {
  ReadAhead ahead;
  fill(ahead, 0, std::vector<char>(page, 'a'), 4);
  EXPECT_NE(ahead.find(0, page, 4), nullptr);
  EXPECT_EQ(ahead.find(0, page, 5), nullptr) << "a write is under way";
  EXPECT_EQ(ahead.find(0, page, 6), nullptr) << "a write has ended";
}

TEST(ReadAhead, GoesOnBehindItsWindow) {
  ReadAhead ahead;
  for (std::int64_t offset = 0; offset < 5 * 16; offset += 16) static_cast<void>(ahead.in_sequence(offset, page));
  fill(ahead, 80, std::vector<char>(2 * page, 'a'), 0);
  ASSERT_NE(ahead.find(80, page, 0), nullptr);
  ASSERT_NE(ahead.find(96, page, 0), nullptr);
  EXPECT_TRUE(ahead.in_sequence(112, page));
}

TEST(ReadAhead, GoesOnBehindAPageThatWasHadFromElsewhere) {
  ReadAhead ahead;
  for (std::int64_t offset = 0; offset < 4 * 16; offset += 16) static_cast<void>(ahead.in_sequence(offset, page));
  ahead.passed(800, page);
  ahead.passed(64, page);
  EXPECT_TRUE(ahead.in_sequence(80, page));
}

TEST(ReadAhead, KeepsItsWindowWhileAPageOfItIsLent) {
  ReadAhead ahead;
  fill(ahead, 0, std::vector<char>(2 * page, 'a'), 0);
  const std::byte* lent = ahead.find(0, page, 0);
  ahead.lend();
  EXPECT_EQ(ahead.window(), nullptr);
  const std::byte elsewhere{};
  EXPECT_FALSE(ahead.give_back(&elsewhere));
  EXPECT_EQ(ahead.window(), nullptr);
  EXPECT_TRUE(ahead.give_back(lent));
  EXPECT_NE(ahead.window(), nullptr);
}

}  // namespace
}  // namespace cairn
