#include <cairn/core/id_source.hpp>

#include <gtest/gtest.h>

#include "fixed_clock.hpp"

namespace cairn {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp start{std::chrono::milliseconds{1'700'000'000'000}};

/// Starts the random bits at their highest, so that the first step carries over.
struct LargestRandom final : Random {
  std::uint64_t next() override { return ~std::uint64_t{0}; }
};

TEST(UuidV7Source, CarriesVersionVariantAndTime) {
  FixedClock clock;
  clock.wall = start + 999us;
  SeededRandom random{1};
  UuidV7Source ids{clock, random};
  for (int i = 0; i < 100; ++i) {
    const Uuid id = ids.next();
    EXPECT_EQ(id.version(), 7);
    EXPECT_EQ(id.bytes()[8] & std::byte{0xC0}, std::byte{0x80});
    EXPECT_EQ(id.created_at(), start + i * 1ms) << "the microseconds are dropped";
    clock.wall += 1ms;
  }
}

TEST(UuidV7Source, GrowsWhileTheClockJumpsAnyWay) {
  FixedClock clock;
  clock.wall = start;
  SeededRandom random{2};
  SeededRandom jumps{3};
  UuidV7Source ids{clock, random};
  Uuid before = ids.next();
  for (int i = 0; i < 100'000; ++i) {
    switch (jumps.below(4)) {
      case 0: clock.wall += std::chrono::microseconds{jumps.below(5000)}; break;
      case 1: clock.wall -= std::chrono::microseconds{jumps.below(5000)}; break;
      default: break;  // stands still
    }
    const Uuid id = ids.next();
    ASSERT_LT(before, id) << "id " << i;
    before = id;
  }
}

TEST(UuidV7Source, GrowsWhenTheLowBitsCarryOver) {
  FixedClock clock;
  clock.wall = start;
  LargestRandom random;
  UuidV7Source ids{clock, random};
  const Uuid before = ids.next();
  const Uuid after = ids.next();
  EXPECT_LT(before, after);
  EXPECT_EQ(after.version(), 7);
  EXPECT_EQ(after.created_at(), start) << "the carry stays within the random bits";
}

TEST(UuidV7Source, KeepsTheLatestTimeWhenTheClockGoesBack) {
  FixedClock clock;
  clock.wall = start;
  SeededRandom random{4};
  UuidV7Source ids{clock, random};
  ASSERT_EQ(ids.next().created_at(), start);
  clock.wall = start - 1h;
  EXPECT_EQ(ids.next().created_at(), start);
}

TEST(UuidV7Source, TimesOutsideItsFieldStandAtTheEdge) {
  FixedClock clock;
  SeededRandom random{5};
  UuidV7Source ids{clock, random};
  clock.wall = Timestamp{-1h};
  const Uuid before_1970 = ids.next();
  EXPECT_EQ(before_1970.created_at(), Timestamp{});
  clock.wall = Timestamp{std::chrono::milliseconds{(std::int64_t{1} << 48) + 5}};
  EXPECT_LT(before_1970, ids.next());
}

TEST(UuidV7Source, SameSeedAndClockGiveSameIds) {
  FixedClock clock;
  clock.wall = start;
  SeededRandom one{6};
  SeededRandom two{6};
  UuidV7Source first{clock, one};
  UuidV7Source second{clock, two};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(first.next(), second.next());
}

}  // namespace
}  // namespace cairn
