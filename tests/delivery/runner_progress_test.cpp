#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delivery/runner_box.hpp"
#include "support/code_of.hpp"

namespace cairn {
namespace {

using std::chrono::seconds;
using test::code_of;
using test::leave_trace;
using test::RunnerBox;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(HandlerProgress, SaysHowFarAHandlerIs) {
  RunnerBox box{{.step_events_max = 2}};
  box->add("a", leave_trace("a")).value();
  box.append("account-1", 5);
  EXPECT_EQ(box.state_of("a"), HandlerState::stopped);
  EXPECT_TRUE(box->run_once().value());
  Progress progress = box->progress("a").value();
  EXPECT_EQ(progress,
            (Progress{.name = "a", .state = HandlerState::catching_up, .position = {2}, .head = {5}, .handled = 2}));
  EXPECT_EQ(progress.lag(), 3U);
  EXPECT_EQ(box.metrics().gauged("cairn_runner_lag", {{"handler", "a"}}), 3);
  box.run();
  progress = box->progress("a").value();
  EXPECT_EQ(progress.state, HandlerState::live);
  EXPECT_EQ(progress.lag(), 0U);
  EXPECT_EQ(box.metrics().counted("cairn_runner_events_total", {{"handler", "a"}}), 5U);
  box->stop().value();
  EXPECT_EQ(box.state_of("a"), HandlerState::stopped);
  ASSERT_THAT(box->progress(), SizeIs(1));
  EXPECT_EQ(code_of(box->progress("b")), Errc::not_found);
}

TEST(HandlerProgress, KnowsTheHeadOfTheLogWhenItIsAsked) {
  RunnerBox box;
  box->add("a", leave_trace("a")).value();
  box.run();
  box.append("account-1", 3);
  EXPECT_EQ(box->progress("a").value().lag(), 3U);
}

TEST(WaitFor, ReturnsWhenTheHandlerIsThere) {
  RunnerBox box;
  box->add("a", leave_trace("a")).value();
  box.append("account-1", 3);
  const auto early = box->wait_for("a", {3}, seconds{5});
  ASSERT_EQ(code_of(early), Errc::timeout) << "with a stepped writer nobody else would get it there";
  EXPECT_EQ(early.error().number("position"), 0U);
  EXPECT_THAT(early.error().message(), HasSubstr("wait for handler a to reach 3: it is at 0"));
  box.run();
  box->wait_for("a", {3}, seconds{5}).value();
  EXPECT_EQ(code_of(box->wait_for("a", {4}, seconds{5})), Errc::timeout);
}

TEST(WaitFor, SaysWhyItIsOfNoUse) {
  RunnerBox box;
  box->add("a", leave_trace("a")).value();
  EXPECT_EQ(code_of(box->wait_for("b", {1}, seconds{5})), Errc::not_found);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(code_of(box->wait_for("a", {1}, seconds{5}, stop.get_token())), Errc::cancelled);
  box->pause("a").value();
  const auto paused = box->wait_for("a", {1}, seconds{5});
  EXPECT_EQ(code_of(paused), Errc::unavailable);
  EXPECT_THAT(paused.error().message(), HasSubstr("paused at 0: by somebody"));
  box->stop().value();
  EXPECT_EQ(code_of(box->wait_for("a", {1}, seconds{5})), Errc::cancelled);
}

TEST(HandlerState, HasAName) {
  EXPECT_EQ(to_string(HandlerState::catching_up), "catching_up");
  EXPECT_EQ(to_string(HandlerState::live), "live");
  EXPECT_EQ(to_string(HandlerState::retrying), "retrying");
  EXPECT_EQ(to_string(HandlerState::paused), "paused");
  EXPECT_EQ(to_string(HandlerState::stopped), "stopped");
}

}  // namespace
}  // namespace cairn
