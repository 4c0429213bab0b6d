#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delivery/runner_box.hpp"

namespace cairn {
namespace {

using test::leave_trace;
using test::RunnerBox;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Handlers that take the process with them: what was on disk at that moment is all that goes on.
class Poison {
 public:
  explicit Poison(RunnerBox& box) : box_{box} {}

  /// Leaves traces, and ends the process at the event whose data is `number`.
  [[nodiscard]] EventHandler ends_at(std::string name, std::string number) {
    return [this, trace = leave_trace(std::move(name)), number = std::move(number)](
               Unit& unit, const RecordedEvent& event) -> Result<void> {
      if (!left_ && as_text(event.data) == number) left_ = box_.disk().clone();
      // Nobody hears of what comes after.
      return left_ ? Result<void>{} : trace(unit, event);
    };
  }

  /// Runs until the process ends or nothing is left to do; whether it ended.
  bool run() {
    while (!left_ && box_->run_once().value()) {
    }
    if (!left_) return false;
    box_.continue_from(std::exchange(left_, {}));
    return true;
  }

 private:
  RunnerBox& box_;
  std::unique_ptr<MemoryVfs> left_;
};

TEST(Suspects, AreParkedWhenTheyEndTheProcessTooOften) {
  RunnerBox box;
  Poison poison{box};
  box.append("account-1", 2);
  box.append("account-2", 2);
  box.append("account-1", 1);
  int ends = 0;
  do {
    box->add("a", poison.ends_at("a", "2")).value();
  } while (poison.run() && ++ends < 10);
  EXPECT_EQ(ends, 3) << "once unforeseen, twice as a suspect";
  EXPECT_THAT(box.effects("a"), ElementsAre("account-1 1", "account-2 3", "account-2 4"));
  const auto parked = box.letters().list({.filter = {.queue = "a"}}).value().letters;
  ASSERT_THAT(parked, SizeIs(2));
  EXPECT_EQ(as_text(box.letters().get(parked[1].id).value().payload), "2");
  EXPECT_THAT(parked[1].error->message(), HasSubstr("the process ended 2 times while it handled account-1 revision 1"));
  EXPECT_EQ(parked[0].error, std::nullopt) << "it only waits behind the other";
}

TEST(Suspects, AreTakenAsOftenAsTheHandlerAllows) {
  RunnerBox box;
  Poison poison{box};
  box.append("account-1", 1);
  int ends = 0;
  do {
    box->add("a", poison.ends_at("a", "1"), {.crash_attempts_max = 5}).value();
  } while (poison.run() && ++ends < 10);
  EXPECT_EQ(ends, 6);
}

TEST(Suspects, AreOneHandlersAndNotThoseOfTheOthers) {
  for (const bool poison_first : {true, false}) {
    SCOPED_TRACE(poison_first);
    RunnerBox box;
    Poison poison{box};
    box.append("account-1", 3);
    do {
      if (poison_first) box->add("a", poison.ends_at("a", "2")).value();
      box->add("b", leave_trace("b")).value();
      if (!poison_first) box->add("a", poison.ends_at("a", "2")).value();
    } while (poison.run());
    EXPECT_THAT(box.effects("b"), ElementsAre("account-1 1", "account-1 2", "account-1 3"));
    EXPECT_EQ(box.letters().count({.queue = "b"}).value(), 0U);
    EXPECT_EQ(box->readings(), 1U);
  }
}

TEST(Suspects, CostOneCommitEach) {
  RunnerBox box;
  box->add("a", leave_trace("a")).value();
  box.run();
  box.append("account-1", 50);
  box.kill();
  box->add("a", leave_trace("a")).value();
  const auto before = box.database().statistics().groups_committed;
  box.run();
  // Of the 50 suspects the first is announced by itself; and one commit says that the runner runs.
  EXPECT_EQ(box.database().statistics().groups_committed, before + 52);
  EXPECT_THAT(box.effects("a"), SizeIs(50));
}

TEST(Suspects, AreOnlyThoseThatMayHaveBeenInWork) {
  RunnerBox box{{.step_events_max = 10}};
  box->add("a", leave_trace("a")).value();
  box.append("account-1", 100);
  EXPECT_TRUE(box->run_once().value());
  box.kill();
  box->add("a", leave_trace("a")).value();
  const auto before = box.database().statistics().groups_committed;
  box.run();
  // 10 suspects with the announcement of the first, then 80 events in steps of 10 (the first is as long as the suspects
  // were), and one commit for the start.
  EXPECT_EQ(box.database().statistics().groups_committed, before + 1 + 11 + 8);
  EXPECT_THAT(box.effects("a"), SizeIs(100));
}

TEST(Suspects, AreNoneAfterAGoodEnd) {
  RunnerBox box;
  box->add("a", leave_trace("a")).value();
  box.run();
  box->stop().value();
  box.append("account-1", 50);
  box.kill();
  box->add("a", leave_trace("a")).value();
  const auto before = box.database().statistics().groups_committed;
  box.run();
  EXPECT_EQ(box.database().statistics().groups_committed, before + 2);
}

TEST(Suspects, KeepTheirAttemptsOverAGoodEndBetween) {
  RunnerBox box;
  Poison poison{box};
  box.append("account-1", 3);
  int ends = 0;
  for (int round = 0; round < 10; ++round) {
    box->add("a", poison.ends_at("a", "2")).value();
    if (round % 2 == 1) {
      // One step announces, and the process ends in good order before it makes the attempt.
      (void)box->run_once().value();
      box.restart();
      continue;
    }
    if (!poison.run()) break;
    ++ends;
  }
  EXPECT_EQ(ends, 3);
  EXPECT_THAT(box.effects("a"), ElementsAre("account-1 1"));
}

TEST(Suspects, ThatFailInTheUsualWayAreTriedAgain) {
  RunnerBox box;
  box->add("a", leave_trace("a")).value();
  box.run();
  box.append("account-1", 3);
  box.kill();
  int failures = 2;
  box->add("a",
           [&, trace = leave_trace("a")](Unit& unit, const RecordedEvent& event) -> Result<void> {
             if (as_text(event.data) == "2" && failures-- > 0) return Error{Errc::unavailable, "not now"};
             return trace(unit, event);
           })
      .value();
  box.run_until_quiet();
  EXPECT_THAT(box.effects("a"), ElementsAre("account-1 1", "account-1 2", "account-1 3"));
  EXPECT_THAT(box.letters().list().value().letters, IsEmpty());
}

TEST(Suspects, ThatCameBackDidNotEndTheProcess) {
  RunnerBox box;
  box->add("a", leave_trace("a")).value();
  box.run();
  box.append("account-1", 2);
  box.kill();
  bool broken = true;
  const auto handler = [&, trace = leave_trace("a")](Unit& unit, const RecordedEvent& event) -> Result<void> {
    if (broken) return Error{Errc::unavailable, "not now"};
    return trace(unit, event);
  };
  for (int round = 0; round < 8; ++round) {
    box->add("a", handler).value();
    box.run();
    EXPECT_EQ(box.state_of("a"), HandlerState::retrying);
    box->pause("a").value();
    box->resume("a").value();
    box.run();
    round % 2 == 0 ? box.restart() : box.kill();
  }
  broken = false;
  box->add("a", handler).value();
  box.run_until_quiet();
  EXPECT_THAT(box.effects("a"), ElementsAre("account-1 1", "account-1 2"));
  EXPECT_EQ(box.letters().count().value(), 0U);
}

TEST(Suspects, AreNotTriedAgainByAPolicy) {
  RunnerBox box;
  Poison poison{box};
  box.append("account-1", 1);
  do {
    box->add("a", poison.ends_at("a", "1"), {.redrive = RedrivePolicy{}}).value();
  } while (poison.run());
  EXPECT_EQ(box.letters().count({.queue = "a", .state = LetterState::parked}).value(), 1U);
  EXPECT_EQ(box.letters().next_due().value(), std::nullopt);
}

TEST(Suspects, AreParkedAlsoWhenWhatTellsTheirKeyEndsTheProcess) {
  RunnerBox box;
  std::unique_ptr<MemoryVfs> left;
  box.append("account-1", 2);
  int ends = 0;
  for (; ends < 10; ++ends) {
    // Asked for the keys while a letter is open, or for that of the letter itself.
    const auto key = [&](const RecordedEvent& event) {
      if (!left && as_text(event.data) == "1") left = box.disk().clone();
      return std::string{event.stream};
    };
    const auto handler = [&](Unit&, const RecordedEvent& event) -> Result<void> {
      if (!left && as_text(event.data) == "1") left = box.disk().clone();
      return {};
    };
    box->add("a", handler, {.key = key}).value();
    while (!left && box->run_once().value()) {
    }
    if (!left) break;
    box.continue_from(std::exchange(left, {}));
  }
  EXPECT_EQ(ends, 4) << "once unforeseen, twice as a suspect, once when its key was asked for";
  EXPECT_EQ(box.letters().count({.queue = "a", .key = "account-1"}).value(), 2U);
}

}  // namespace
}  // namespace cairn
