#include <cairn/core/simulated_clock.hpp>

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>
#include "support/seed.hpp"

namespace cairn {
namespace {

using namespace std::chrono_literals;

TEST(SimulatedClock, StandsStillUntilAdvanced) {
  SimulatedClock clock;
  const SteadyTime steady = clock.steady_now();
  EXPECT_EQ(clock.now(), SimulatedClock::default_start);
  clock.advance(1500ms);
  EXPECT_EQ(clock.now(), SimulatedClock::default_start + 1500ms);
  EXPECT_EQ(clock.steady_now(), steady + 1500ms);
}

TEST(SimulatedClock, KeepsFractionsOfAMicrosecond) {
  SimulatedClock clock;
  for (int i = 0; i < 1999; ++i) clock.advance(1ns);
  EXPECT_EQ(clock.now(), SimulatedClock::default_start + 1us);
  clock.advance(1ns);
  EXPECT_EQ(clock.now(), SimulatedClock::default_start + 2us);
}

TEST(SimulatedClock, FiresByTimeThenByOrderOfSetting) {
  SimulatedClock clock;
  std::string order;
  const auto note = [&order](char c) { return [&order, c] { order += c; }; };
  const TimerHandle c = clock.after(2s, note('c'));
  const TimerHandle a = clock.after(1s, note('a'));
  const TimerHandle d = clock.at(clock.now() + 2s, note('d'));
  const TimerHandle b = clock.at(clock.now() + 1s, note('b'));
  const TimerHandle e = clock.at(clock.steady_now() + 2s, note('e'));
  EXPECT_EQ(clock.advance(999ms), 0U);
  EXPECT_EQ(order, "");
  EXPECT_EQ(clock.advance(1ms), 2U);
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(clock.advance(10s), 3U);
  EXPECT_EQ(order, "abcde");
}

TEST(SimulatedClock, EachJobSeesItsOwnMoment) {
  SimulatedClock clock;
  const SteadyTime start = clock.steady_now();
  std::vector<std::chrono::nanoseconds> seen;
  const auto look = [&] { seen.push_back(clock.steady_now() - start); };
  const TimerHandle one = clock.after(1s, look);
  const TimerHandle two = clock.after(2500ms, look);
  clock.advance(1h);
  EXPECT_EQ(seen, (std::vector<std::chrono::nanoseconds>{1s, 2500ms}));
  EXPECT_EQ(clock.steady_now() - start, 1h);
}

TEST(SimulatedClock, TimersSetOnTheWayFireOnTheWay) {
  SimulatedClock clock;
  int beats = 0;
  TimerHandle next;
  struct Beat {
    SimulatedClock& clock;
    TimerHandle& next;
    int& beats;
    void operator()() const {
      ++beats;
      next = clock.after(1s, Beat{clock, next, beats});
    }
  };
  next = clock.after(1s, Beat{clock, next, beats});
  EXPECT_EQ(clock.advance(10s), 10U);
  EXPECT_EQ(beats, 10);
}

TEST(SimulatedClock, ATimeThatHasPassedFiresAtOnce) {
  SimulatedClock clock;
  int fired = 0;
  const TimerHandle past = clock.at(clock.now() - 1h, [&] { ++fired; });
  const TimerHandle negative = clock.after(-5s, [&] { ++fired; });
  EXPECT_EQ(fired, 0) << "not before time moves";
  EXPECT_EQ(clock.next_timer(), 0ns);
  EXPECT_EQ(clock.advance(0ns), 2U);
  EXPECT_EQ(clock.now(), SimulatedClock::default_start) << "firing late does not turn time back";
}

TEST(SimulatedClock, TheLargestTimesMeanNever) {
  SimulatedClock clock;
  int fired = 0;
  const TimerHandle never = clock.after(std::chrono::nanoseconds::max(), [&] { ++fired; });
  const TimerHandle steady = clock.at(SteadyTime::max(), [&] { ++fired; });
  const TimerHandle wall = clock.at(Timestamp::max(), [&] { ++fired; });
  clock.advance(24h * 365 * 200);
  EXPECT_EQ(fired, 0);
  const TimerHandle always = clock.at(Timestamp::min(), [&] { ++fired; });
  const TimerHandle ever = clock.at(SteadyTime::min(), [&] { ++fired; });
  clock.advance(0ns);
  EXPECT_EQ(fired, 2);
}

TEST(SimulatedClock, WallTimersFollowAWallClockThatIsSet) {
  SimulatedClock clock;
  std::string order;
  const TimerHandle wall = clock.at(clock.now() + 1h, [&] { order += 'w'; });
  const TimerHandle steady = clock.after(1h, [&] { order += 's'; });
  clock.set_wall_clock(clock.now() - 1h);
  clock.advance(1h);
  EXPECT_EQ(order, "s");
  clock.set_wall_clock(clock.now() + 1h);
  EXPECT_EQ(order, "s") << "setting the clock fires nothing by itself";
  clock.advance(0ns);
  EXPECT_EQ(order, "sw");
}

TEST(SimulatedClock, AdvanceToNextGoesExactlyThere) {
  SimulatedClock clock;
  int fired = 0;
  EXPECT_FALSE(clock.advance_to_next());
  const TimerHandle first = clock.after(5s, [&] { ++fired; });
  const TimerHandle second = clock.after(7s, [&] { ++fired; });
  EXPECT_EQ(clock.next_timer(), 5s);
  EXPECT_TRUE(clock.advance_to_next());
  EXPECT_EQ(clock.now(), SimulatedClock::default_start + 5s);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(clock.next_timer(), 2s);
}

TEST(TimerHandle, CancelKeepsTheJobFromRunning) {
  SimulatedClock clock;
  int fired = 0;
  TimerHandle timer = clock.after(1s, [&] { ++fired; });
  EXPECT_TRUE(timer.cancel());
  EXPECT_FALSE(timer.cancel()) << "only once";
  clock.advance(1min);
  EXPECT_EQ(fired, 0);
}

TEST(TimerHandle, CancelAfterFiringIsFalse) {
  SimulatedClock clock;
  TimerHandle timer = clock.after(1s, [] {});
  clock.advance(1s);
  EXPECT_FALSE(timer.cancel());
  EXPECT_FALSE(TimerHandle{}.cancel());
}

TEST(TimerHandle, ItsEndCancels) {
  SimulatedClock clock;
  int fired = 0;
  {
    const TimerHandle timer = clock.after(1s, [&] { ++fired; });
  }
  TimerHandle replaced = clock.after(1s, [&] { ++fired; });
  replaced = clock.after(2s, [&] { fired += 10; });
  clock.advance(1min);
  EXPECT_EQ(fired, 10);
}

TEST(TimerHandle, MovedOrReleasedItsTimerStillRuns) {
  SimulatedClock clock;
  int fired = 0;
  TimerHandle inner = clock.after(1s, [&] { ++fired; });
  const TimerHandle outer = std::move(inner);
  clock.after(1s, [&] { ++fired; }).release();
  clock.advance(1min);
  EXPECT_EQ(fired, 2);
}

TEST(TimerHandle, AJobMayDropTheLastHandleToAnother) {
  SimulatedClock clock;
  // The job of the cancelled timer owns a third timer's handle: its destruction cancels from within a cancel.
  int fired = 0;
  TimerHandle third = clock.after(3s, [&] { ++fired; });
  TimerHandle second = clock.after(2s, [&fired, owned = std::move(third)] { ++fired; });
  const TimerHandle first = clock.after(1s, [&second] { second.cancel(); });
  EXPECT_EQ(clock.advance(1min), 1U);
  EXPECT_EQ(fired, 0);
}

// A list sorted by time and number is the simple model of what must happen.
TEST(SimulatedClock, FiresLikeASortedList) {
  for (const std::uint64_t seed : test::seeds(200)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    SimulatedClock clock;
    std::map<std::pair<std::chrono::nanoseconds, int>, bool> model;  // due since the start, number: wanted
    std::vector<TimerHandle> handles;
    std::vector<std::pair<std::chrono::nanoseconds, int>> keys;
    std::vector<int> fired;
    std::vector<int> expected;
    const SteadyTime start = clock.steady_now();
    for (int step = 0; step < 60; ++step) {
      const std::chrono::nanoseconds now = clock.steady_now() - start;
      const auto delay = std::chrono::microseconds{random.below(50)};
      const int number = step;
      switch (random.below(4)) {
        case 0:
          handles.push_back(clock.after(delay, [&fired, number] { fired.push_back(number); }));
          keys.emplace_back(now + delay, number);
          model[keys.back()] = true;
          break;
        case 1:
          handles.push_back(clock.at(clock.now() + delay, [&fired, number] { fired.push_back(number); }));
          keys.emplace_back(now + delay, number);
          model[keys.back()] = true;
          break;
        case 2:
          if (!handles.empty()) {
            const std::size_t which = random.below(handles.size());
            EXPECT_EQ(handles[which].cancel(), model.erase(keys[which]) == 1);
          }
          break;
        default:
          clock.advance(delay);
          while (!model.empty() && model.begin()->first.first <= now + delay) {
            expected.push_back(model.begin()->first.second);
            model.erase(model.begin());
          }
          ASSERT_EQ(fired, expected);
      }
    }
  }
}

TEST(SimulatedClockDeathTest, TimeDoesNotRunBackwards) {
  SimulatedClock clock;
  EXPECT_DEATH(clock.advance(-1ns), "backwards");
}

}  // namespace
}  // namespace cairn
