#include "sql/read_ahead.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <gtest/gtest.h>

namespace cairn {
namespace {

constexpr std::size_t page = 8192;
constexpr std::int64_t window = ReadAhead::window_bytes;

constexpr std::int64_t at(std::int64_t number) { return number * static_cast<std::int64_t>(page); }

// Each page is full of the number it has when the window begins with 0.
void fill(ReadAhead& ahead, std::int64_t begin, std::uint64_t writes = 0, std::size_t size = window) {
  auto* room = static_cast<std::byte*>(ahead.room());
  ASSERT_NE(room, nullptr);
  for (std::size_t i = 0; i < size / page; ++i) std::memset(room + i * page, static_cast<int>(i), page);
  ahead.filled(begin, size, writes);
}

TEST(ReadAhead, BeginsWhenPagesAreReadInARow) {
  ReadAhead ahead;
  EXPECT_EQ(ahead.begin_for(at(100), page), -1);
  EXPECT_EQ(ahead.begin_for(at(200), page), -1);
  EXPECT_EQ(ahead.begin_for(at(201), page), -1);
  EXPECT_EQ(ahead.begin_for(at(202), page), -1);
  EXPECT_EQ(ahead.begin_for(at(203), page), at(203));
  EXPECT_EQ(ahead.begin_for(at(10), page), -1);
}

TEST(ReadAhead, GivesOnlyWhatItHolds) {
  ReadAhead ahead;
  EXPECT_EQ(ahead.find(0, page, 0), nullptr) << "nothing was read yet";
  fill(ahead, at(4), 0, 2 * page);
  EXPECT_EQ(ahead.find(at(3), page, 0), nullptr);
  EXPECT_EQ(ahead.find(at(6), page, 0), nullptr);
  EXPECT_EQ(ahead.find(at(5) + 8, page, 0), nullptr) << "the end of the page is not here";
  const std::byte* second = ahead.find(at(5), page, 0);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second[0], std::byte{1});
  EXPECT_EQ(second[page - 1], std::byte{1});
}

TEST(ReadAhead, HoldsNothingThatWasWrittenSince) {
  ReadAhead ahead;
  fill(ahead, 0, 4);
  EXPECT_NE(ahead.find(0, page, 4), nullptr);
  EXPECT_EQ(ahead.find(0, page, 5), nullptr) << "a write is under way";
  EXPECT_EQ(ahead.find(0, page, 6), nullptr) << "a write has ended";
}

TEST(ReadAhead, FollowsAScanThatIsALittleAheadOfItself) {
  ReadAhead ahead;
  fill(ahead, 0);
  EXPECT_EQ(ahead.begin_for(window + at(3), page), window) << "the pages between come next";
  fill(ahead, window);
  EXPECT_NE(ahead.find(window - at(1), page, 0), nullptr) << "what is just behind stays";
  EXPECT_NE(ahead.find(window + at(3), page, 0), nullptr);
}

TEST(ReadAhead, StaysWhereItIsWhenAPageElsewhereIsRead) {
  ReadAhead ahead;
  fill(ahead, 100 * window);
  EXPECT_EQ(ahead.begin_for(0, page), -1);
  EXPECT_EQ(ahead.begin_for(500 * window, page), -1);
  EXPECT_EQ(ahead.begin_for(101 * window, page), 101 * window);
}

TEST(ReadAhead, KeepsTheNewerWindow) {
  ReadAhead ahead;
  for (std::int64_t i = 0; i < 3; ++i) fill(ahead, i * window);
  EXPECT_EQ(ahead.find(0, page, 0), nullptr);
  EXPECT_NE(ahead.find(window, page, 0), nullptr);
  EXPECT_NE(ahead.find(2 * window, page, 0), nullptr);
  ahead.drop();
  EXPECT_EQ(ahead.find(2 * window, page, 0), nullptr);
}

TEST(ReadAhead, MovesNoWindowWhileAPageIsLent) {
  ReadAhead ahead;
  fill(ahead, 0);
  const std::byte* lent = ahead.find(at(1), page, 0);
  ahead.lend();
  EXPECT_EQ(ahead.room(), nullptr);
  const std::byte elsewhere{};
  EXPECT_FALSE(ahead.give_back(&elsewhere));
  EXPECT_EQ(ahead.room(), nullptr);
  EXPECT_TRUE(ahead.give_back(lent));
  EXPECT_NE(ahead.room(), nullptr);
}

}  // namespace
}  // namespace cairn
