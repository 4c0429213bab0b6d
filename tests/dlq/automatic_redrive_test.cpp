#include <cairn/dlq/automatic_redrive.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/manual_executor.hpp>

#include "dlq/letter_box.hpp"

namespace cairn {
namespace {

using test::failure;
using test::leave_effect;
using test::LetterBox;
using test::make_letter;
using namespace std::chrono_literals;

const RedrivePolicy three_attempts{.retry = {.max_attempts = 3, .backoff = exponential(1min, 1h)}};

/// A box whose queue "orders" is tried by itself, by jobs that the test runs.
struct AutomaticBox {
  LetterBox box;
  ManualExecutor executor;
  bool broken = true;
  std::optional<AutomaticRedrive> automatic;

  AutomaticBox() {
    box->set_handler(
           "orders",
           [this](Unit& unit, const DeadLetter& letter) -> Result<void> {
             if (broken) return failure("still broken", Errc::timeout);
             return leave_effect(unit, letter);
           },
           three_attempts)
        .value();
    automatic.emplace(*box, box.clock(), executor);
    executor.run_all();
  }
  /// Lets time pass and runs what that sets off.
  void pass(std::chrono::minutes time) {
    box.clock().advance(time);
    executor.run_all();
  }
};

TEST(AutomaticRedrive, TriesALetterWhenItsBackOffIsOverUntilItsAttemptsAreUsedUp) {
  AutomaticBox test;
  (void)test.box->park(make_letter(1), failure("busy", Errc::timeout)).value();
  test.executor.run_all();
  const auto due = test.box->get({1}).value().due_at;
  ASSERT_TRUE(due);
  EXPECT_LE(*due, test.box.clock().now() + 1min);
  EXPECT_EQ(test.box->get({1}).value().attempts, 1U);
  test.pass(1min);
  EXPECT_EQ(test.box->get({1}).value().attempts, 2U);
  test.pass(2min);
  EXPECT_EQ(test.box->get({1}).value().attempts, 3U);
  EXPECT_EQ(test.box->get({1}).value().due_at, std::nullopt) << "no attempts left";
  test.pass(600min);
  EXPECT_EQ(test.box->get({1}).value().attempts, 3U);
  EXPECT_EQ(test.box.state_of(1), LetterState::parked);
}

TEST(AutomaticRedrive, ResolvesWhatSucceedsAndThenSleeps) {
  AutomaticBox test;
  test.broken = false;
  (void)test.box->park(make_letter(1), failure("busy", Errc::timeout)).value();
  test.executor.run_all();
  test.pass(1min);
  EXPECT_EQ(test.box.state_of(1), LetterState::resolved);
  EXPECT_EQ(test.box.clock().next_timer(), std::nullopt);
  EXPECT_EQ(test.executor.pending(), 0U);
}

TEST(AutomaticRedrive, LeavesErrorsToPeopleThatThePolicyDoesNotRetry) {
  AutomaticBox test;
  (void)test.box->park(make_letter(1), failure("bad row", Errc::invalid)).value();
  EXPECT_EQ(test.box->next_due().value(), std::nullopt);
}

TEST(AutomaticRedrive, GoesOnWithTheNextOfAKeyWhenTheOldestIsClosed) {
  AutomaticBox test;
  (void)test.box->park(make_letter(1, "orders", "a"), failure("bad row", Errc::invalid)).value();
  (void)test.box->park(make_letter(2, "orders", "a"), failure("busy", Errc::timeout)).value();
  (void)test.box.database().write(
      [&](Unit& unit) { return test.box->park_behind(unit, make_letter(3, "orders", "a")); });
  test.broken = false;
  test.pass(10min);
  EXPECT_EQ(test.box.effects().size(), 0U) << "letter 1 is before them";
  test.box->drop(LetterId{1}, "ann", "a test").value();
  test.executor.run_all();
  EXPECT_EQ(test.box.effects(), (std::vector<std::string>{"2", "3"}));
}

TEST(AutomaticRedrive, TriesNothingOfAKeyThatIsBeingDropped) {
  AutomaticBox test;
  test.broken = false;
  for (std::uint64_t number = 1; number <= 200; ++number) {
    (void)test.box->park(make_letter(number, "orders", "a"), failure("bad row", Errc::invalid)).value();
  }
  (void)test.box->park(make_letter(201, "orders", "a"), failure("busy", Errc::timeout)).value();
  EXPECT_EQ(test.box->drop({.error = Errc::invalid}, "ann", "tests").value(), 200U);
  test.executor.run_all();
  test.pass(1min);
  EXPECT_EQ(test.box.effects(), (std::vector<std::string>{"201"}));
}

TEST(AutomaticRedrive, DoesNotTryWhatItsPolicyLeavesToPeopleWhenAYoungerLetterIsClosed) {
  AutomaticBox test;
  test.broken = false;
  (void)test.box->park(make_letter(1, "orders", "a"), failure("bad row", Errc::invalid)).value();
  (void)test.box.database().write(
      [&](Unit& unit) { return test.box->park_behind(unit, make_letter(2, "orders", "a")); });
  test.box->drop(LetterId{2}, "ann", "a test").value();
  test.executor.run_all();
  test.pass(10min);
  EXPECT_TRUE(test.box.effects().empty());
}

TEST(AutomaticRedrive, GivesEachQueueItsTurn) {
  AutomaticBox test;
  for (int queue = 0; queue < 20; ++queue) {
    const std::string name = "queue-" + std::to_string(queue);
    const RedrivePolicy at_once{.retry = {.max_attempts = 1'000, .backoff = immediate()}};
    const auto fail = [&](Unit&, const DeadLetter&) -> Result<void> { return failure("busy", Errc::timeout); };
    test.box->set_handler(name, fail, at_once).value();
    (void)test.box->park(make_letter(1, name), failure("busy", Errc::timeout)).value();
  }
  for (int turn = 0; turn < 4; ++turn) EXPECT_TRUE(test.executor.run_one());
  for (std::uint64_t id = 1; id <= 20; ++id) EXPECT_GE(test.box->get({id}).value().attempts, 3U) << id;
}

TEST(AutomaticRedrive, TriesManyLettersInTurnsThatLeaveRoomForOthers) {
  AutomaticBox test;
  test.broken = false;
  for (std::uint64_t number = 1; number <= 40; ++number) {
    (void)test.box->park(make_letter(number), failure("busy", Errc::timeout)).value();
  }
  test.executor.run_all();
  test.box.clock().advance(1min);
  EXPECT_EQ(test.executor.run_all(), 3U) << "16, 16 and 8";
  EXPECT_EQ(test.box.effects().size(), 40U);
}

TEST(AutomaticRedrive, BeginsNothingOnceItIsGone) {
  AutomaticBox test;
  test.broken = false;
  (void)test.box->park(make_letter(1), failure("busy", Errc::timeout)).value();
  test.executor.run_all();
  test.box.clock().advance(1min);
  test.automatic.reset();
  test.executor.run_all();
  EXPECT_TRUE(test.box.effects().empty());
}

TEST(AutomaticRedrive, TakesUpWhatAnEndedProcessWasInTheMiddleOf) {
  LetterBox box;
  (void)box->park(make_letter(1, "mails"), failure()).value();
  std::unique_ptr<MemoryVfs> in_the_middle;
  const auto clone = [&](const DeadLetter&) -> Result<void> {
    in_the_middle = box.disk().clone();
    return {};
  };
  box->set_outside_handler("mails", clone).value();
  box->redrive(LetterId{1}, "ann").value();
  box.continue_from(std::move(in_the_middle));
  ManualExecutor executor;
  int calls = 0;
  const auto call = [&](const DeadLetter&) -> Result<void> {
    ++calls;
    return {};
  };
  box->set_outside_handler("mails", call, three_attempts).value();
  {
    AutomaticRedrive automatic{*box, box.clock(), executor};
    executor.run_all();
  }
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(box.state_of(1), LetterState::resolved);
}

}  // namespace
}  // namespace cairn
