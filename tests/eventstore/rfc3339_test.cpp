#include "rfc3339.hpp"

#include <chrono>
#include <cstdint>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>

namespace cairn::log {
namespace {

Timestamp at(std::int64_t micros) { return Timestamp{std::chrono::microseconds{micros}}; }

TEST(Rfc3339, WritesAndReadsKnownTimes) {
  EXPECT_EQ(to_rfc3339(at(1'704'067'200'250'000)), "2024-01-01T00:00:00.250000Z");
  EXPECT_EQ(to_rfc3339(at(-1)), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(to_rfc3339(at(951'782'400'000'000)), "2000-02-29T00:00:00.000000Z");
  EXPECT_EQ(from_rfc3339("2024-01-01T00:00:00.25Z"), at(1'704'067'200'250'000));
  EXPECT_EQ(from_rfc3339("2024-01-01T00:00:00Z"), at(1'704'067'200'000'000));
  EXPECT_EQ(from_rfc3339("1969-12-31T23:59:59.999999Z"), at(-1));
}

TEST(Rfc3339, ComesBackTheSameOverAllYearsItCanName) {
  SeededRandom random{1};
  constexpr std::int64_t first = -62'167'219'200'000'000;
  constexpr std::int64_t last = 253'402'300'799'999'999;
  for (int i = 0; i < 10'000; ++i) {
    const auto time = at(first + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(last - first))));
    ASSERT_EQ(from_rfc3339(to_rfc3339(time).value()), time) << time.time_since_epoch().count();
  }
  EXPECT_TRUE(to_rfc3339(at(first)) && to_rfc3339(at(last)));
  EXPECT_FALSE(to_rfc3339(at(first - 1)) || to_rfc3339(at(last + 1)) || to_rfc3339(Timestamp::max()));
}

TEST(Rfc3339, RefusesAnyOtherText) {
  for (const char* const text :
       {"", "Z", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00.1234567Z", "2024-01-01T00:00:00,5Z", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z",
        "2024-01-01T00:00:00+00:00", "20x4-01-01T00:00:00Z", "2024-01-01T00:00:00.x5Z", "-024-01-01T00:00:00Z"}) {
    EXPECT_FALSE(from_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace cairn::log
