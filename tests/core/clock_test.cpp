#include <cairn/core/clock.hpp>

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(SystemClock, SteadyTimeNeverGoesBack) {
  const SystemClock clock;
  SteadyTime before = clock.steady_now();
  for (int i = 0; i < 1000; ++i) {
    const SteadyTime now = clock.steady_now();
    EXPECT_GE(now, before);
    before = now;
  }
}

TEST(SystemClock, WallTimeCountsFromTheUnixEpoch) {
  using namespace std::chrono;
  const Timestamp now = SystemClock{}.now();
  EXPECT_GT(now, sys_days{year{2020} / 1 / 1}) << "either the machine's clock or the epoch is wrong";
  EXPECT_LT(now, sys_days{year{2200} / 1 / 1}) << "either the machine's clock or the unit is wrong";
}

}  // namespace
}  // namespace cairn
