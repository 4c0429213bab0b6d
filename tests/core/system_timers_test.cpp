#include <cairn/core/system_timers.hpp>

#include <string>

#include <gtest/gtest.h>

#include <cairn/core/inline_executor.hpp>
#include <cairn/core/manual_executor.hpp>

#include "fixed_clock.hpp"

namespace cairn {
namespace {

using namespace std::chrono_literals;

TEST(SystemTimers, RunDuePostsWhatIsDueInOrder) {
  FixedClock clock;
  ManualExecutor executor;
  SystemTimers timers{clock, executor};
  std::string order;
  const TimerHandle b = timers.after(2s, [&] { order += 'b'; });
  const TimerHandle a = timers.at(clock.steady + 1s, [&] { order += 'a'; });
  const TimerHandle c = timers.at(clock.wall + 2s, [&] { order += 'c'; });
  EXPECT_EQ(timers.run_due(), 0U);
  clock.steady += 2s;
  clock.wall += 2s;
  EXPECT_EQ(timers.run_due(), 3U);
  EXPECT_EQ(order, "") << "the executor decides when";
  executor.run_all();
  EXPECT_EQ(order, "abc");
}

TEST(SystemTimers, NeverEarly) {
  FixedClock clock;
  InlineExecutor executor;
  SystemTimers timers{clock, executor};
  int fired = 0;
  const TimerHandle timer = timers.after(1s, [&] { ++fired; });
  clock.steady += 1s - 1ns;
  timers.run_due();
  EXPECT_EQ(fired, 0);
  clock.steady += 1ns;
  timers.run_due();
  EXPECT_EQ(fired, 1);
}

TEST(SystemTimers, ATimerThatSetsItselfDoesNotHoldTheRound) {
  FixedClock clock;
  InlineExecutor executor;
  SystemTimers timers{clock, executor};
  int fired = 0;
  TimerHandle again;
  const TimerHandle first = timers.after(0s, [&] {
    ++fired;
    again = timers.after(0s, [&] { ++fired; });
  });
  EXPECT_EQ(timers.run_due(), 1U);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(timers.run_due(), 1U);
  EXPECT_EQ(fired, 2);
}

TEST(SystemTimers, CancelFailsOnceTheJobIsWithTheExecutor) {
  FixedClock clock;
  ManualExecutor executor;
  SystemTimers timers{clock, executor};
  int fired = 0;
  TimerHandle kept = timers.after(1s, [&] { ++fired; });
  TimerHandle gone = timers.after(1h, [&] { ++fired; });
  clock.steady += 1s;
  timers.run_due();
  EXPECT_FALSE(kept.cancel());
  EXPECT_TRUE(gone.cancel());
  executor.run_all();
  EXPECT_EQ(fired, 1);
}

}  // namespace
}  // namespace cairn
