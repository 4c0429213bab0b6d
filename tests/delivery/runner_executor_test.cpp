#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/manual_executor.hpp>

#include "delivery/runner_box.hpp"
#include "support/code_of.hpp"

namespace cairn {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using test::code_of;
using test::fail_at;
using test::leave_trace;
using test::RunnerBox;
using ::testing::SizeIs;

TEST(RunnerOnAnExecutor, WorksWhenSomethingIsAppendedAndNotOtherwise) {
  ManualExecutor executor;
  RunnerBox box;
  box->add("a", leave_trace("a")).value();
  box->start(executor, box.clock()).value();
  (void)executor.run_all();
  EXPECT_EQ(executor.pending(), 0U);
  box.append("account-1");
  EXPECT_EQ(executor.pending(), 1U);
  (void)executor.run_all();
  EXPECT_THAT(box.effects("a"), SizeIs(1));
  EXPECT_EQ(executor.pending(), 0U);
  box.clock().advance(hours{24});
  EXPECT_EQ(executor.pending(), 0U) << "nothing is polled";
  EXPECT_EQ(box.clock().next_timer(), std::nullopt);
}

TEST(RunnerOnAnExecutor, WakesWhenABackOffHasPassed) {
  ManualExecutor executor;
  RunnerBox box;
  box->add("a", fail_at("a", "1"), {.retry = {.max_attempts = 3, .backoff = exponential(minutes{1}, minutes{1})}})
      .value();
  box->start(executor, box.clock()).value();
  box.append("account-1");
  (void)executor.run_all();
  EXPECT_EQ(box.state_of("a"), HandlerState::retrying);
  for (int retries = 0; retries < 2; ++retries) {
    box.clock().advance(minutes{1});
    EXPECT_EQ(executor.pending(), 1U);
    (void)executor.run_all();
  }
  EXPECT_EQ(box.state_of("a"), HandlerState::live);
  EXPECT_EQ(box.letters().count({.queue = "a"}).value(), 1U);
}

TEST(RunnerOnAnExecutor, TakesAHandlerThatIsAddedOrResumedWhileItRuns) {
  ManualExecutor executor;
  RunnerBox box;
  box->start(executor, box.clock()).value();
  box.append("account-1");
  (void)executor.run_all();
  box->add("a", leave_trace("a")).value();
  (void)executor.run_all();
  EXPECT_THAT(box.effects("a"), SizeIs(1));
  box->pause("a").value();
  box.append("account-1");
  (void)executor.run_all();
  EXPECT_THAT(box.effects("a"), SizeIs(1));
  box->resume("a").value();
  (void)executor.run_all();
  EXPECT_THAT(box.effects("a"), SizeIs(2));
}

TEST(RunnerOnAnExecutor, StopsAndGoesOn) {
  ManualExecutor executor;
  RunnerBox box;
  box->add("a", leave_trace("a")).value();
  box->start(executor, box.clock()).value();
  EXPECT_EQ(code_of(box->start(executor, box.clock())), Errc::invalid);
  box.append("account-1");
  box->stop().value();
  (void)executor.run_all();
  EXPECT_THAT(box.effects("a"), SizeIs(0)) << "a job that was posted before";
  box.append("account-1");
  EXPECT_EQ(executor.pending(), 0U);
  box->start(executor, box.clock()).value();
  (void)executor.run_all();
  EXPECT_THAT(box.effects("a"), SizeIs(2));
}

TEST(RunnerOnAnExecutor, LeavesJobsThatMayRunWhenItIsGone) {
  ManualExecutor executor;
  {
    RunnerBox box;
    box->add("a", leave_trace("a")).value();
    box->start(executor, box.clock()).value();
    box.append("account-1");
  }
  EXPECT_GE(executor.run_all(), 1U);
}

TEST(RunnerOnAnExecutor, ReportsAHandlerThatDoesNotComeBack) {
  ManualExecutor executor;
  std::vector<Progress> reported;
  RunnerBox box{{.hung_after = minutes{1}, .on_hung = [&](const Progress& at) { reported.push_back(at); }}};
  std::optional<Progress> meanwhile;
  box->add("a",
           [&](Unit&, const RecordedEvent& event) -> Result<void> {
             if (as_text(event.data) != "2") return {};
             box.clock().advance(minutes{5});  // its timers fire meanwhile, as they would on a thread of theirs
             meanwhile = box->progress("a").value();
             return {};
           })
      .value();
  box->start(executor, box.clock()).value();
  box.append("account-1", 3);
  (void)executor.run_all();
  ASSERT_THAT(reported, SizeIs(1)) << "once for an event";
  EXPECT_EQ(reported[0].name, "a");
  EXPECT_EQ(reported[0].hung_at, GlobalPosition{2});
  EXPECT_EQ(meanwhile->hung_at, GlobalPosition{2});
  EXPECT_EQ(box->progress("a").value().hung_at, std::nullopt);
  EXPECT_EQ(box.metrics().counted("cairn_runner_hung_total", {{"handler", "a"}}), 1U);
}

TEST(RunnerOnAnExecutorDeathTest, EndsTheProcessForAHandlerThatDoesNotComeBackIfItIsToldTo) {
  ManualExecutor executor;
  RunnerBox box{{.hung_after = minutes{1}, .when_hung = WhenHung::abort}};
  box->add("a",
           [&](Unit&, const RecordedEvent&) -> Result<void> {
             box.clock().advance(minutes{5});
             return {};
           })
      .value();
  box->start(executor, box.clock()).value();
  box.append("account-1");
  EXPECT_EXIT((void)executor.run_all(), ::testing::KilledBySignal(SIGABRT), "");
}

}  // namespace
}  // namespace cairn
