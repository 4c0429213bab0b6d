#include <cairn/delivery/runner.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delivery/runner_box.hpp"
#include "support/code_of.hpp"

namespace cairn {
namespace {

using test::code_of;
using test::leave_trace;
using test::RunnerBox;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Runner, HandsOutEveryEventOnceAndInOrder) {
  RunnerBox box;
  box->add("balances", leave_trace("balances")).value();
  box.append("account-1", 2);
  box.append("account-2");
  box.run();
  box.append("account-1");
  box.run();
  EXPECT_THAT(box.effects("balances"), ElementsAre("account-1 1", "account-1 2", "account-2 3", "account-1 4"));
  EXPECT_EQ(box.position_of("balances"), 4U);
  EXPECT_FALSE(box->run_once().value());
}

TEST(Runner, GoesOnAfterItsCheckpointWhenTheProcessComesBack) {
  RunnerBox box;
  box->add("balances", leave_trace("balances")).value();
  box.append("account-1", 2);
  box.run();
  for (const bool in_good_order : {true, false}) {
    in_good_order ? box.restart() : box.kill();
    box->add("balances", leave_trace("balances")).value();
    box.append("account-1");
    box.run();
  }
  EXPECT_THAT(box.effects("balances"), ElementsAre("account-1 1", "account-1 2", "account-1 3", "account-1 4"));
}

TEST(Runner, GivesAHandlerWhatItsFilterLetsThrough) {
  RunnerBox box;
  box->add("accounts", leave_trace("accounts"), {.filter = {.category = "account"}}).value();
  box->add("orders", leave_trace("orders"), {.filter = {.category = "order"}}).value();
  box->add("withdrawals", leave_trace("withdrawals"), {.filter = {.query = EventQuery::types({"none.such"})}}).value();
  box.append("account-1");
  box.append("order-1");
  box.append("account-2");
  box.run();
  EXPECT_THAT(box.effects("accounts"), ElementsAre("account-1 1", "account-2 3"));
  EXPECT_THAT(box.effects("orders"), ElementsAre("order-1 2"));
  EXPECT_THAT(box.effects("withdrawals"), IsEmpty());
  for (const char* name : {"accounts", "orders", "withdrawals"}) EXPECT_EQ(box.position_of(name), 3U) << name;
}

TEST(Runner, ReadsTheLogOnceForHandlersThatHaveCaughtUp) {
  RunnerBox box;
  for (const char* name : {"a", "b", "c"}) box->add(name, leave_trace(name)).value();
  box.append("account-1", 2);
  box.run();
  EXPECT_EQ(box->readings(), 1U);
  box.append("account-1");
  EXPECT_TRUE(box->run_once().value());
  EXPECT_THAT(box.effects(),
              ElementsAre("a account-1 1", "b account-1 1", "c account-1 1", "a account-1 2", "b account-1 2",
                          "c account-1 2", "a account-1 3", "b account-1 3", "c account-1 3"));
}

TEST(Runner, LetsANewHandlerCatchUpBesideTheOthers) {
  RunnerBox box{{.step_events_max = 10}};
  box->add("old", leave_trace("old")).value();
  box.append("account-1", 3'000);
  box.run();
  box->add("new", leave_trace("new")).value();
  EXPECT_EQ(box->readings(), 2U);
  EXPECT_TRUE(box->run_once().value());
  EXPECT_EQ(box.position_of("new"), 10U);
  box.append("account-1");
  EXPECT_TRUE(box->run_once().value());
  EXPECT_EQ(box.position_of("old"), 3'001U);
  box.run();
  EXPECT_EQ(box.position_of("new"), 3'001U);
  EXPECT_EQ(box->readings(), 1U);
  EXPECT_EQ(box.effects("new"), box.effects("old"));
}

TEST(Runner, MakesReadingsThatAreNearOneWhileEventsKeepComing) {
  RunnerBox box{{.step_events_max = 10}};
  box->add("old", leave_trace("old")).value();
  box.append("account-1", 100);
  box.run();
  box->add("new", leave_trace("new")).value();
  int turns = 0;
  for (; box->readings() > 1 && turns < 100; ++turns) {
    box.append("account-1", 3);
    (void)box->run_once().value();
  }
  EXPECT_LT(turns, 30);
  box.run();
  EXPECT_EQ(box.effects("new"), box.effects("old"));
}

// The one ahead waits, goes on because the other is slow, and is not where that was to meet it any more.
TEST(Runner, FinishesAlsoWhenTwoReadingsMissEachOther) {
  RunnerBox box{{.step_events_max = 1}};
  box->add("ahead", leave_trace("ahead"), {.filter = {.category = "order"}}).value();
  box.append("account-1", 2);
  box.append("other-1", 8);
  box.run();
  box.append("other-1", 5);
  box.append("account-2");
  box->add("behind", leave_trace("behind"), {.filter = {.category = "account"}}).value();
  box.run();
  EXPECT_EQ(box.position_of("behind"), 16U);
  EXPECT_EQ(box.position_of("ahead"), 16U);
  EXPECT_THAT(box.effects("behind"), ElementsAre("account-1 1", "account-1 2", "account-2 16"));
  EXPECT_EQ(box->readings(), 1U);
}

TEST(Runner, BeginsWhereItIsTold) {
  RunnerBox box;
  box.append("account-1", 3);
  box->add("all", leave_trace("all")).value();
  box->add("new", leave_trace("new"), {.from = StartPosition::end()}).value();
  box->add("rest", leave_trace("rest"), {.from = StartPosition::after({2})}).value();
  box->add("future", leave_trace("future"), {.from = StartPosition::after({5})}).value();
  box.append("account-1", 3);
  box.run();
  EXPECT_THAT(box.effects("all"), ::testing::SizeIs(6));
  EXPECT_THAT(box.effects("new"), ElementsAre("account-1 4", "account-1 5", "account-1 6"));
  EXPECT_THAT(box.effects("rest"), ::testing::SizeIs(4));
  EXPECT_THAT(box.effects("future"), ElementsAre("account-1 6"));
}

TEST(Runner, CommitsEffectsAndCheckpointTogether) {
  RunnerBox box{{.step_events_max = 4}};
  const auto before = box.database().statistics().groups_committed;
  box->add("balances", leave_trace("balances")).value();
  box.append("account-1", 8);
  const auto appended = box.database().statistics().groups_committed;
  EXPECT_TRUE(box->run_once().value());
  // One commit says that the runner runs, one is the step's.
  EXPECT_EQ(box.database().statistics().groups_committed, appended + 2);
  EXPECT_TRUE(box->run_once().value());
  EXPECT_EQ(box.database().statistics().groups_committed, appended + 3);
  EXPECT_LT(before, appended);
  box.kill();
  box->add("balances", leave_trace("balances")).value();
  box.run();
  EXPECT_THAT(box.effects("balances"), ::testing::SizeIs(8));
}

TEST(Runner, WritesNothingForEventsThatConcernNobody) {
  RunnerBox box;
  box->add("orders", leave_trace("orders"), {.filter = {.category = "order"}}).value();
  box.run();
  const auto before = box.database().statistics().groups_committed;
  for (std::uint64_t appends = 1; appends <= 8; ++appends) {
    box.append("account-1", 1'500);
    box.run();
    EXPECT_EQ(box.position_of("orders"), appends * 1'500);
    const std::uint64_t checkpoints = appends * 1'500 > 10'000 ? 1 : 0;
    EXPECT_EQ(box.database().statistics().groups_committed, before + appends + checkpoints);
  }
}

TEST(Runner, PassesWhatConcernsNobodyInFewStepsWhenItIsFarBehind) {
  RunnerBox box;
  box.append("account-1", 20'000);
  box.append("order-1");
  box->add("orders", leave_trace("orders"), {.filter = {.category = "order"}}).value();
  const auto before = box.database().statistics().groups_committed;
  box.run();
  EXPECT_LE(box.database().statistics().groups_committed, before + 3);
  EXPECT_THAT(box.effects("orders"), ElementsAre("order-1 20001"));
}

TEST(Runner, StopsAStepWhenItsBudgetIsUsed) {
  RunnerBox box{{.step_budget = std::chrono::microseconds{100}}};
  box->add("slow",
           [&box, trace = leave_trace("slow")](Unit& unit, const RecordedEvent& event) {
             box.clock().advance(std::chrono::microseconds{60});
             return trace(unit, event);
           })
      .value();
  box.append("account-1", 4);
  EXPECT_TRUE(box->run_once().value());
  EXPECT_EQ(box.position_of("slow"), 2U);
  box.run();
  EXPECT_EQ(box.position_of("slow"), 4U);
}

TEST(Runner, GivesAPausedHandlerNothingAlsoAfterARestart) {
  RunnerBox box;
  box->add("a", leave_trace("a")).value();
  box->add("b", leave_trace("b")).value();
  box.append("account-1");
  box.run();
  box->pause("a").value();
  box.append("account-1");
  box.run();
  EXPECT_EQ(box.state_of("a"), HandlerState::paused);
  EXPECT_EQ(box.position_of("a"), 1U);
  EXPECT_EQ(box.position_of("b"), 2U);
  box.restart();
  box->add("a", leave_trace("a")).value();
  box.run();
  EXPECT_EQ(box.state_of("a"), HandlerState::paused);
  box->resume("a").value();
  box.run();
  EXPECT_THAT(box.effects("a"), ElementsAre("account-1 1", "account-1 2"));
  EXPECT_EQ(box.state_of("a"), HandlerState::live);
}

TEST(Runner, ForgetsAHandlerThatIsTakenAwayButNotItsCheckpoint) {
  RunnerBox box;
  box->add("a", leave_trace("a")).value();
  box.append("account-1");
  box.run();
  box->remove("a").value();
  EXPECT_EQ(code_of(box->progress("a")), Errc::not_found);
  box.append("account-1");
  box.run();
  box->add("a", leave_trace("a")).value();
  box.run();
  EXPECT_THAT(box.effects("a"), ElementsAre("account-1 1", "account-1 2"));
}

TEST(Runner, RefusesWhatItCannotRun) {
  RunnerBox box;
  box->add("a", leave_trace("a")).value();
  EXPECT_EQ(code_of(box->add("a", leave_trace("a"))), Errc::already_exists);
  EXPECT_EQ(code_of(box->add("", leave_trace("a"))), Errc::invalid);
  EXPECT_EQ(code_of(box->add("b", {})), Errc::invalid);
  for (const auto& missing : {box->remove("x"), box->pause("x"), box->resume("x")}) {
    EXPECT_EQ(code_of(missing), Errc::not_found);
    EXPECT_THAT(missing.error().message(), HasSubstr("x"));
  }
}

TEST(Runner, RefusesOptionsThatLeaveNoRoomToWork) {
  RunnerBox box;
  SeededRandom random{1};
  const RunnerParts parts{.events = box.events(), .letters = box.letters(), .clock = box.clock(), .random = random};
  const std::pair<const char*, RunnerOptions> none[] = {
      {"step_events_max", {.step_events_max = 0}},
      {"step_budget", {.step_budget = std::chrono::microseconds{0}}},
      {"batch_bytes", {.batch_bytes = 0}},
      {"hung_after", {.hung_after = std::chrono::milliseconds{0}}},
  };
  for (const auto& [name, options] : none) {
    const auto refused = Runner::open(parts, options);
    ASSERT_EQ(code_of(refused), Errc::invalid);
    EXPECT_THAT(refused.error().message(), HasSubstr(name));
  }
}

TEST(Runner, RefusesToBeCalledFromInsideAUnit) {
  RunnerBox box;
  std::vector<std::optional<Errc>> codes;
  box->add("a",
           [&](Unit&, const RecordedEvent&) -> Result<void> {
             codes = {code_of(box->add("b", leave_trace("b"))),
                      code_of(box->remove("a")),
                      code_of(box->pause("a")),
                      code_of(box->resume("a")),
                      code_of(box->run_once()),
                      code_of(box->stop()),
                      code_of(box->wait_for("a", {1}, std::chrono::seconds{1}))};
             return {};
           })
      .value();
  box.append("account-1");
  box.run();
  EXPECT_EQ(codes, std::vector(7, std::optional{Errc::invalid}));
}

}  // namespace
}  // namespace cairn
