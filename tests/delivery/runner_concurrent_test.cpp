#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/pool_executor.hpp>
#include <cairn/core/system_timers.hpp>

#include "delivery/runner_box.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::leave_trace;
using test::RunnerBox;

constexpr int threads = 3;
constexpr int appends_of_a_thread = 60;

/// Numbers left by a handler, by stream.
std::map<std::string, std::vector<std::string>> traces(RunnerBox& box, std::string_view handler) {
  std::map<std::string, std::vector<std::string>> found;
  for (const std::string& effect : box.effects(handler)) {
    found[effect.substr(0, effect.find(' '))].push_back(effect.substr(effect.find(' ') + 1));
  }
  return found;
}

TEST(RunnerThreads, ReadWhatTheyWroteWhileHandlersFailArePausedAndComeAndGo) {
  const auto owned = RunnerBox::with_threads({.step_events_max = 16});
  RunnerBox& box = *owned;
  auto executor = PoolExecutor::start({.threads = 2}).value();
  SystemClock clock;
  SystemTimers timers{clock, *executor};
  const std::jthread timing{[&timers](const std::stop_token& stop) { timers.run(stop); }};
  std::atomic<int> calls{0};
  box->add("good", leave_trace("good")).value();
  box->add("shaky",
           [&calls, trace = leave_trace("shaky")](Unit& unit, const RecordedEvent& event) -> Result<void> {
             if (auto left = trace(unit, event); !left) return left;
             if (++calls % 37 == 0) return Error{Errc::unavailable, "not now"};
             return {};
           },
           {.retry = {.max_attempts = 100, .backoff = immediate()}})
      .value();
  box->start(*executor, timers).value();

  const auto write_and_read = [&box](int thread) {
    const StreamId stream = StreamId::of("account", std::to_string(thread)).value();
    for (int i = 0; i < appends_of_a_thread; ++i) {
      NewEvent event = box.events().new_event("account.deposited", as_bytes(std::to_string(i)));
      auto done = box.events().append(stream, ExpectedRevision::any(), event);
      while (!done) {
        // Known not done: the store is being recovered.
        ASSERT_THAT(done.error().code(), ::testing::AnyOf(Errc::fenced, Errc::unavailable)) << done.error().to_string();
        std::this_thread::yield();
        done = box.events().append(stream, ExpectedRevision::any(), event);
      }
      // Stopped for a moment, which is not its end.
      while (!box->wait_for("good", done->last_position, std::chrono::hours{1})) std::this_thread::yield();
      const auto seen = traces(box, "good")[std::string{stream.text()}];
      ASSERT_GE(seen.size(), static_cast<std::size_t>(i) + 1);
    }
  };
  std::vector<std::thread> writers;
  for (int thread = 0; thread < threads; ++thread) writers.emplace_back(write_and_read, thread);
  std::thread operating{[&] {
    for (int round = 0; round < 10; ++round) {
      box->pause("shaky").value();
      EXPECT_EQ(box->progress("shaky").value().state, HandlerState::paused);
      box->resume("shaky").value();
      box->add("passing", leave_trace("passing")).value();
      EXPECT_GE(box->readings(), 1U);
      box->remove("passing").value();
      if (round % 3 == 2) {
        box->stop().value();
        box->start(*executor, timers).value();
        box.database().recover().value();
      }
    }
  }};
  for (std::thread& writer : writers) writer.join();
  operating.join();
  box->wait_for("shaky", box.events().head(), std::chrono::hours{1}).value();
  box->stop().value();
  EXPECT_EQ(traces(box, "shaky"), traces(box, "good"));
  const auto all = traces(box, "good");
  ASSERT_EQ(all.size(), static_cast<std::size_t>(threads));
  for (const auto& [stream, numbers] : all) {
    ASSERT_EQ(numbers.size(), static_cast<std::size_t>(appends_of_a_thread)) << stream;
    for (int i = 0; i < appends_of_a_thread; ++i) EXPECT_EQ(numbers[static_cast<std::size_t>(i)], std::to_string(i));
  }
}

}  // namespace
}  // namespace cairn
