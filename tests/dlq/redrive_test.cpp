#include <cairn/dlq/redrive.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dlq/letter_box.hpp"
#include "support/code_of.hpp"

namespace cairn {
namespace {

using test::code_of;
using test::failure;
using test::leave_effect;
using test::LetterBox;
using test::make_letter;
using namespace std::chrono_literals;

/// Fails for these payloads, and leaves an effect for the others; also before it fails.
LetterHandler failing_for(std::vector<std::string> payloads) {
  return [payloads = std::move(payloads)](Unit& unit, const DeadLetter& letter) -> Result<void> {
    if (auto left = leave_effect(unit, letter); !left) return left;
    if (std::ranges::find(payloads, as_text(letter.payload)) != payloads.end()) return failure("still broken");
    return {};
  };
}

std::vector<std::string> numbers(std::uint64_t from, std::uint64_t to) {
  std::vector<std::string> all;
  for (std::uint64_t number = from; number <= to; ++number) all.push_back(std::to_string(number));
  return all;
}

TEST(RedriveOfOne, ResolvesTheLetterInTheUnitOfItsEffect) {
  LetterBox box;
  box.park_many(1);
  box->set_handler("orders", leave_effect).value();
  box->redrive(LetterId{1}, "ann").value();
  box.kill();
  EXPECT_EQ(box.effects(), numbers(1, 1));
  const DeadLetter letter = box->get({1}).value();
  EXPECT_EQ(letter.state, LetterState::resolved);
  ASSERT_EQ(letter.history.size(), 2U);
  EXPECT_EQ(letter.history[1].worker, "ann");
  EXPECT_EQ(letter.history[1].error, std::nullopt);
}

TEST(RedriveOfOne, UndoesWhatAFailingHandlerWroteAndRecordsTheAttempt) {
  LetterBox box;
  box.park_many(1);
  box->set_handler("orders", failing_for({"1"})).value();
  const auto failed = box->redrive(LetterId{1}, "ann");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), failure("still broken"));
  EXPECT_TRUE(box.effects().empty());
  const DeadLetter letter = box->get({1}).value();
  EXPECT_EQ(letter.state, LetterState::parked);
  EXPECT_EQ(letter.attempts, 2U);
  EXPECT_EQ(letter.error, failure("still broken"));
  EXPECT_EQ(box->causes().value().front().text, "still broken");
}

TEST(RedriveOfOne, TakesAnExceptionForAFailedAttempt) {
  LetterBox box;
  box.park_many(1);
  box->set_handler("orders", [](Unit&, const DeadLetter&) -> Result<void> { throw std::runtime_error{"boom"}; })
      .value();
  EXPECT_EQ(code_of(box->redrive(LetterId{1}, "ann")), Errc::handler_failed);
  EXPECT_EQ(box->get({1}).value().attempts, 2U);
}

TEST(RedriveOfOne, GivesTheHandlerTheEditedPayload) {
  LetterBox box;
  box.park_many(1);
  box->edit({1}, as_bytes("better"), "ann").value();
  box->set_handler("orders", leave_effect).value();
  box->redrive(LetterId{1}, "ann").value();
  EXPECT_EQ(box.effects(), (std::vector<std::string>{"better"}));
}

TEST(RedriveOfOne, IsRefusedWhileAnOlderLetterOfItsKeyIsOpen) {
  LetterBox box;
  box.park_many(2, "orders", "a");
  box->set_handler("orders", leave_effect).value();
  const auto refused = box->redrive(LetterId{2}, "ann");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::conflict);
  EXPECT_EQ(refused.error().number("behind"), 1U);
  EXPECT_EQ(box->get({2}).value().attempts, 1U);
  box->redrive(LetterId{1}, "ann").value();
  box->redrive(LetterId{2}, "ann").value();
  EXPECT_EQ(box.effects(), numbers(1, 2));
}

TEST(RedriveOfOne, NeedsALetterThatIsParkedAndAHandler) {
  LetterBox box;
  box.park_many(1);
  EXPECT_EQ(code_of(box->redrive(LetterId{9}, "ann")), Errc::not_found);
  EXPECT_EQ(code_of(box->redrive(LetterId{1}, "ann")), Errc::not_found) << "no handler";
  box->set_handler("orders", leave_effect).value();
  box->drop(LetterId{1}, "ann", "a test").value();
  EXPECT_EQ(code_of(box->redrive(LetterId{1}, "ann")), Errc::conflict);
}

TEST(LetterHandlers, AreOneForEachQueue) {
  LetterBox box;
  box->set_handler("orders", leave_effect).value();
  EXPECT_EQ(code_of(box->set_handler("orders", leave_effect)), Errc::already_exists);
  EXPECT_EQ(code_of(box->set_handler("", leave_effect)), Errc::invalid);
  EXPECT_EQ(code_of(box->set_handler("payments", nullptr)), Errc::invalid);
  box->remove_handler("orders");
  box->remove_handler("orders");
  box->set_outside_handler("orders", [](const DeadLetter&) -> Result<void> { return {}; }).value();
}

TEST(Redrive, TriesWhatIsParkedAndPassesTheFilter) {
  LetterBox box;
  box.park_many(100);
  (void)box->park(make_letter(101), failure("late", Errc::timeout)).value();
  box->drop(LetterId{50}, "ann", "a test").value();
  box->set_handler("orders", failing_for({"7"})).value();
  const LetterFilter filter{.queue = "orders", .error = Errc::handler_failed};
  LetterFilter parked = filter;
  parked.state = LetterState::parked;
  EXPECT_EQ(box->count(parked).value(), 99U) << "the dry run";
  const auto report = box->redrive(filter).value();
  EXPECT_EQ(report, (RedriveProgress{.run = 1, .resolved = 98, .failed = 1, .done = true}));
  EXPECT_EQ(box.effects().size(), 98U);
  EXPECT_EQ(box.state_of(7), LetterState::parked);
  EXPECT_EQ(box.state_of(101), LetterState::parked);
}

TEST(Redrive, FindsWhatATextLetsThrough) {
  LetterBox box;
  box.park_many(100);
  box->set_handler("orders", leave_effect).value();
  const auto report = box->redrive({.text = "line 9"}).value();
  EXPECT_EQ(report.resolved, 11U);
  EXPECT_EQ(report.waiting, 0U);
}

TEST(Redrive, LetsTheLettersOfAKeyWaitBehindTheOneThatFails) {
  LetterBox box;
  for (std::uint64_t number = 1; number <= 6; ++number) {
    (void)box->park(make_letter(number, "orders", number % 2 == 0 ? "even" : "odd"), failure()).value();
  }
  box->set_handler("orders", failing_for({"3"})).value();
  EXPECT_EQ(box->redrive({}).value(),
            (RedriveProgress{.run = 1, .resolved = 4, .failed = 1, .waiting = 1, .done = true}));
  EXPECT_EQ(box.effects(), (std::vector<std::string>{"1", "2", "4", "6"}));
  box->remove_handler("orders");
  box->set_handler("orders", leave_effect).value();
  EXPECT_EQ(box->redrive({}).value().resolved, 2U);
  EXPECT_EQ(box.effects(), (std::vector<std::string>{"1", "2", "4", "6", "3", "5"}));
}

TEST(Redrive, LeavesAloneWhatIsParkedWhileItRuns) {
  LetterBox box;
  box.park_many(3);
  box->set_handler("orders", leave_effect).value();
  std::uint64_t number = 100;
  const auto report = box->redrive(
      {}, {.on_progress = [&](const RedriveProgress&) { (void)box->park(make_letter(++number), failure()).value(); }});
  EXPECT_EQ(report.value().resolved, 3U);
  EXPECT_EQ(box->count({.state = LetterState::parked}).value(), number - 100);
}

TEST(Redrive, NamesAQueueWithoutHandlerBeforeItBegins) {
  LetterBox box;
  box.park_many(1);
  (void)box->park(make_letter(1, "payments"), failure()).value();
  box->set_handler("orders", leave_effect).value();
  const auto refused = box->redrive({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), (Error{Errc::not_found, "redrive: queue payments has no handler"}));
  EXPECT_TRUE(box->redrives().value().empty());
  EXPECT_EQ(box->redrive({.queue = "orders"}).value().resolved, 1U);
}

TEST(Redrive, GoesOnWhereItWasStopped) {
  LetterBox box;
  box.park_many(200);
  box->set_handler("orders", failing_for({"1"})).value();
  std::stop_source stop;
  const auto stopped =
      box->redrive({}, {.on_progress = [&](const RedriveProgress&) { stop.request_stop(); }, .stop = stop.get_token()});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), Errc::cancelled);
  EXPECT_EQ(stopped.error().number("run"), 1U);
  EXPECT_EQ(box.effects().size(), 63U) << "a slice without the one that fails";

  box.kill();
  box->set_handler("orders", failing_for({})).value();
  const auto runs = box->redrives().value();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_FALSE(runs[0].done);
  EXPECT_EQ(runs[0].position, LetterId{64});
  EXPECT_EQ(box->resume_redrive(runs[0].run).value(),
            (RedriveProgress{.run = 1, .resolved = 199, .failed = 1, .done = true}));
  EXPECT_EQ(box.effects(), numbers(2, 200));
  EXPECT_EQ(box->resume_redrive(1).value().resolved, 199U) << "it has ended";
  EXPECT_EQ(code_of(box->resume_redrive(2)), Errc::not_found);
}

TEST(Redrive, IsCancelledForGood) {
  LetterBox box;
  box.park_many(200);
  box->set_handler("orders", leave_effect).value();
  const auto report =
      box->redrive({}, {.on_progress = [&](const RedriveProgress& now) { (void)box->cancel_redrive(now.run); }})
          .value();
  EXPECT_EQ(report.resolved, 64U);
  EXPECT_TRUE(report.done);
  EXPECT_EQ(code_of(box->cancel_redrive(1)), Errc::conflict);
  EXPECT_EQ(code_of(box->cancel_redrive(7)), Errc::not_found);
  EXPECT_EQ(box->count({.state = LetterState::parked}).value(), 136U);
}

TEST(Redrive, IsRunByOneCallerAtATime) {
  LetterBox box;
  box.park_many(100);
  box->set_handler("orders", leave_effect).value();
  std::optional<Errc> second;
  (void)box
      ->redrive({}, {.on_progress =
                         [&](const RedriveProgress& now) {
                           if (!now.done) second = code_of(box->resume_redrive(now.run));
                         }})
      .value();
  EXPECT_EQ(second, Errc::conflict);
}

TEST(Redrive, KeepsItsPace) {
  LetterBox box;
  box.park_many(50);
  box->set_handler("orders", leave_effect).value();
  const SteadyTime began = box.clock().steady_now();
  std::vector<std::uint64_t> resolved;
  const auto report = box->redrive(
      {}, {.attempts_per_second = 100, .timers = &box.clock(), .on_progress = [&](const RedriveProgress& now) {
             resolved.push_back(now.resolved);
             box.clock().advance(100ms);
           }});
  EXPECT_EQ(report.value().resolved, 50U);
  EXPECT_EQ(resolved, (std::vector<std::uint64_t>{10, 20, 30, 40, 50}));
  EXPECT_EQ(box.clock().steady_now() - began, 500ms);
}

TEST(Redrive, WaitsForItsPaceUntilItIsStopped) {
  LetterBox box;
  box.park_many(2);
  box->set_handler("orders", leave_effect).value();
  std::stop_source stop;
  const auto stopped = box->redrive({}, {.attempts_per_second = 0.001,
                                         .timers = &box.clock(),
                                         .on_progress = [&](const RedriveProgress&) { stop.request_stop(); },
                                         .stop = stop.get_token()});
  EXPECT_EQ(code_of(stopped), Errc::cancelled);
  EXPECT_EQ(box.effects().size(), 1U);
}

TEST(Redrive, RefusesAPaceThatIsNone) {
  LetterBox box;
  EXPECT_EQ(code_of(box->redrive({}, {.attempts_per_second = 0, .timers = &box.clock()})), Errc::invalid);
  EXPECT_EQ(code_of(box->redrive({}, {.attempts_per_second = 10})), Errc::invalid) << "no timers";
  EXPECT_EQ(code_of(box->redrive({}, {.worker = ""})), Errc::invalid);
}

TEST(Redrive, LeavesARunAsItIsWhenAHandlerIsMissing) {
  LetterBox box;
  box.park_many(200);
  box->set_handler("orders", leave_effect).value();
  const auto refused =
      box->redrive({}, {.on_progress = [&](const RedriveProgress&) { box->remove_handler("orders"); }});
  EXPECT_EQ(code_of(refused), Errc::not_found);
  EXPECT_EQ(box.effects().size(), 64U);
  EXPECT_EQ(code_of(box->resume_redrive(1)), Errc::not_found);
  box->set_handler("orders", leave_effect).value();
  EXPECT_EQ(box->resume_redrive(1).value(), (RedriveProgress{.run = 1, .resolved = 200, .done = true}));
}

TEST(Redrive, NeedsHandlersOfTheQueuesItsFilterReachesOnly) {
  LetterBox box;
  box.park_many(1);
  (void)box->park(make_letter(1, "payments"), failure("late", Errc::timeout)).value();
  box->set_handler("orders", leave_effect).value();
  EXPECT_EQ(box->redrive({.error = Errc::handler_failed}).value().resolved, 1U);
}

TEST(Redrive, AcceptsThatAHandlerEndsItsLetterItself) {
  LetterBox box;
  box.park_many(2);
  const auto handle = [&](Unit& unit, const DeadLetter& letter) -> Result<void> {
    if (letter.id == LetterId{1}) return box->resolve(unit, letter.id, "by itself");
    auto parked = box->park(unit, make_letter(2), failure("again"));
    return parked ? Result<void>{} : Result<void>{parked.error()};
  };
  box->set_handler("orders", handle).value();
  EXPECT_EQ(box->redrive({}).value().resolved, 2U);
  EXPECT_EQ(box->get({1}).value().history.back().worker, "by itself");
  EXPECT_EQ(box->get({2}).value().attempts, 3U);
}

TEST(Redrive, IsNotMadeUpForByABurstAfterALongAttempt) {
  LetterBox box;
  box.park_many(30);
  box->set_handler("orders", leave_effect).value();
  std::vector<SteadyTime> slices;
  const auto report = box->redrive(
      {}, {.attempts_per_second = 10, .timers = &box.clock(), .on_progress = [&](const RedriveProgress& now) {
             slices.push_back(box.clock().steady_now());
             box.clock().advance(now.resolved == 1 ? 60'000ms : 100ms);
           }});
  EXPECT_EQ(report.value().resolved, 30U);
  ASSERT_EQ(slices.size(), 30U);
  EXPECT_EQ(slices[29] - slices[1], 2'800ms);
}

// Effects outside the store.

TEST(OutsideRedrive, RecordsAnAttemptLaterThatCouldNotBeRecordedAtOnce) {
  LetterBox box;
  box.park_many(1);
  box->set_outside_handler("orders",
                           [&](const DeadLetter&) -> Result<void> {
                             box.disk().inject({.kind = FaultKind::disk_full, .sticky = true});
                             return {};
                           })
      .value();
  EXPECT_EQ(code_of(box->redrive(LetterId{1}, "ann")), Errc::storage_full);
  EXPECT_EQ(box.state_of(1), LetterState::retrying);
  box.disk().inject({.at_call = 1'000'000});
  EXPECT_EQ(box->redrive({}).value(), (RedriveProgress{.run = 1, .done = true}));
  EXPECT_EQ(box.state_of(1), LetterState::resolved) << "and was not called again";
  EXPECT_EQ(box->get({1}).value().attempts, 2U);
}

TEST(OutsideRedrive, EndsItsOwnAttemptWhenTheItemIsParkedAgainMeanwhile) {
  LetterBox box;
  box.park_many(1);
  box->set_outside_handler(
         "orders",
         [&](const DeadLetter&) -> Result<void> {
           (void)box->park(make_letter(1), failure("again")).value();
           EXPECT_EQ(code_of(box.database().write([&](Unit& unit) { return box->resolve(unit, {1}, "ann"); })),
                     Errc::conflict);
           return failure("busy", Errc::timeout);
         })
      .value();
  (void)box->redrive(LetterId{1}, "ann");
  const auto history = box->get({1}).value().history;
  ASSERT_EQ(history.size(), 3U);
  EXPECT_EQ(history[1].error, failure("busy", Errc::timeout));
  EXPECT_EQ(history[2].error, failure("again"));
  EXPECT_EQ(box.state_of(1), LetterState::parked);
}

TEST(OutsideRedrive, IsRetryingWhileTheHandlerRuns) {
  LetterBox box;
  box.park_many(2, "orders", "a");
  std::vector<LetterState> seen;
  box->set_outside_handler("orders",
                           [&](const DeadLetter& letter) -> Result<void> {
                             seen.push_back(box.state_of(letter.id.value));
                             if (letter.id == LetterId{2} && letter.attempts == 1)
                               return failure("busy", Errc::timeout);
                             return {};
                           })
      .value();
  EXPECT_EQ(box->redrive({}).value(), (RedriveProgress{.run = 1, .resolved = 1, .failed = 1, .done = true}));
  EXPECT_EQ(seen, (std::vector<LetterState>{LetterState::retrying, LetterState::retrying}));
  const DeadLetter failed = box->get({2}).value();
  EXPECT_EQ(failed.state, LetterState::parked);
  EXPECT_EQ(failed.error, failure("busy", Errc::timeout));
  EXPECT_EQ(failed.history.back().error, failure("busy", Errc::timeout));
  box->redrive(LetterId{2}, "ann").value();
  EXPECT_EQ(box.state_of(2), LetterState::resolved);
}

TEST(OutsideRedrive, IsTriedAgainByItsRunWhenTheProcessEndedInTheMiddle) {
  LetterBox box;
  box.park_many(1);
  std::unique_ptr<MemoryVfs> in_the_middle;
  box->set_outside_handler("orders",
                           [&](const DeadLetter&) -> Result<void> {
                             in_the_middle = box.disk().clone();
                             return {};
                           })
      .value();
  const LetterFilter filter{.error = Errc::handler_failed, .text = "no such"};
  (void)box->redrive(filter).value();

  box.continue_from(std::move(in_the_middle));
  const DeadLetter interrupted = box->get({1}).value();
  EXPECT_EQ(interrupted.state, LetterState::parked);
  EXPECT_EQ(interrupted.history.back().error, (Error{Errc::outcome_unknown, "the process ended during this attempt"}));
  EXPECT_EQ(interrupted.error, failure()) << "so the run's filter finds it again";
  EXPECT_EQ(interrupted.attempts, 2U);
  int calls = 0;
  box->set_outside_handler("orders",
                           [&](const DeadLetter&) -> Result<void> {
                             ++calls;
                             return {};
                           })
      .value();
  EXPECT_EQ(box->resume_redrive(1).value(), (RedriveProgress{.run = 1, .resolved = 1, .done = true}));
  EXPECT_EQ(calls, 1);
}

TEST(OutsideRedrive, SharesARunWithQueuesInTheStore) {
  LetterBox box;
  for (std::uint64_t number = 1; number <= 20; ++number) {
    (void)box->park(make_letter(number, number % 3 == 0 ? "mails" : "orders"), failure()).value();
  }
  int mails = 0;
  box->set_handler("orders", leave_effect).value();
  box->set_outside_handler("mails",
                           [&](const DeadLetter&) -> Result<void> {
                             ++mails;
                             return {};
                           })
      .value();
  EXPECT_EQ(box->redrive({}).value().resolved, 20U);
  EXPECT_EQ(mails, 6);
  EXPECT_EQ(box.effects().size(), 14U);
}

}  // namespace
}  // namespace cairn
