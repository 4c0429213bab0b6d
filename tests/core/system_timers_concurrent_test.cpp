#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/inline_executor.hpp>
#include <cairn/core/pool_executor.hpp>
#include <cairn/core/system_timers.hpp>

namespace cairn {
namespace {

using namespace std::chrono_literals;

// Each test ends by what the timers do, never by a time that passes; a failure shows as the test's time limit.

TEST(SystemTimersRun, WakesForATimerSetWhileItSleeps) {
  const SystemClock clock;
  InlineExecutor executor;
  SystemTimers timers{clock, executor};
  const TimerHandle far = timers.after(24h, [] {});
  std::jthread lent{[&](const std::stop_token& stop) { timers.run(stop); }};
  std::latch fired{2};
  const TimerHandle steady = timers.after(1ms, [&] { fired.count_down(); });
  const TimerHandle wall = timers.at(clock.now() + 1ms, [&] { fired.count_down(); });
  fired.wait();
}

TEST(SystemTimersRun, StopsWhenAsked) {
  const SystemClock clock;
  InlineExecutor executor;
  SystemTimers timers{clock, executor};
  const TimerHandle far = timers.after(24h, [] {});
  std::jthread lent{[&](const std::stop_token& stop) { timers.run(stop); }};
  EXPECT_TRUE(lent.request_stop());
  lent.join();
}

TEST(SystemTimersRun, NothingIsLostBetweenThreads) {
  const SystemClock clock;
  const auto pool = PoolExecutor::start({.threads = 2}).value();
  SystemTimers timers{clock, *pool};
  std::jthread lent{[&](const std::stop_token& stop) { timers.run(stop); }};
  constexpr int setters = 4;
  constexpr int each = 250;
  std::atomic<int> fired{0};
  std::atomic<int> cancelled{0};
  std::latch all{std::ptrdiff_t{setters} * each};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < setters; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < each; ++i) {
          TimerHandle timer = timers.after(std::chrono::microseconds{i % 50}, [&] {
            ++fired;
            all.count_down();
          });
          if (i % 3 == 0 && timer.cancel()) {
            ++cancelled;
            all.count_down();
          } else {
            timer.release();
          }
        }
      });
    }
  }
  all.wait();
  EXPECT_EQ(fired + cancelled, setters * each);
}

}  // namespace
}  // namespace cairn
