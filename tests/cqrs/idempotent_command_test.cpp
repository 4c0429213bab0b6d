// Commands with an id: done once, however often they are sent.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/cqrs/command_handler.hpp>
#include <cairn/cqrs/command_outcomes.hpp>

#include "cqrs/bank.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::BankAccount;
using test::Deposit;
using test::MemoryStore;
using test::Withdraw;
using namespace std::chrono_literals;

class IdempotentCommand : public testing::Test {
 protected:
  IdempotentCommand() { open(); }
  void open() {
    accounts.reset();
    outcomes = CommandOutcomes::open(store.database(), {.command_id_ttl = 1h}, &store.clock()).value();
    accounts = std::make_unique<CommandHandler<BankAccount>>(*store, "account", CommandHandlerOptions{},
                                                             CommandHandlerParts{.outcomes = outcomes.get()});
  }
  template <class Command>
  Result<Handled> send(const Command& command, const Uuid& id, std::string_view key = "ann") {
    return accounts->handle(key, command, {.command_id = id});
  }

  MemoryStore store;
  SeededRandom random{7};
  UuidV7Source ids{store.clock(), random};
  std::unique_ptr<CommandOutcomes> outcomes;
  std::unique_ptr<CommandHandler<BankAccount>> accounts;
};

TEST_F(IdempotentCommand, IsDoneOnceAndItsRepeatIsAnsweredWithTheFirstOutcome) {
  const Uuid id = ids.next();
  const Handled first = send(Deposit{300}, id).value();
  EXPECT_FALSE(first.repeated);
  ASSERT_TRUE(send(Withdraw{100}, ids.next()));
  const Handled again = send(Deposit{300}, id).value();
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.revision, first.revision);
  EXPECT_EQ(again.position, first.position);
  EXPECT_EQ(again.events, first.events);
  EXPECT_EQ(store->head(), GlobalPosition{2});
  store.reopen();
  open();
  EXPECT_EQ(send(Deposit{300}, id).value(), again);
  EXPECT_TRUE(send(Withdraw{200}, ids.next())) << "a repeat does not disturb what is warm";
}

TEST_F(IdempotentCommand, ThatWasRejectedStaysRejectedWithItsDetails) {
  const Uuid id = ids.next();
  const auto first = send(Withdraw{100}, id);
  EXPECT_EQ(first.error().number("repeated"), std::nullopt);
  ASSERT_TRUE(send(Deposit{300}, ids.next()));
  const auto again = send(Withdraw{100}, id);
  ASSERT_FALSE(again) << "there is enough by now, but the answer was given";
  EXPECT_EQ(again.error().code(), Errc::rejected);
  EXPECT_EQ(*again.error().rejection(), *first.error().rejection());
  EXPECT_EQ(again.error().number("repeated"), 1U);
}

TEST_F(IdempotentCommand, AfterWhichNothingHappenedIsRememberedToo) {
  const Uuid id = ids.next();
  ASSERT_TRUE(send(Deposit{0}, id).value().nothing_happened());
  const Handled again = send(Deposit{0}, id).value();
  EXPECT_TRUE(again.repeated);
  EXPECT_TRUE(again.nothing_happened());
}

TEST_F(IdempotentCommand, ARepeatThatCouldNotBeDecidedAnyMoreIsAnsweredAllTheSame) {
  const Uuid id = ids.next();
  ASSERT_TRUE(send(Withdraw{0}, id));
  // An event that the state does not know makes the stream unreadable.
  ASSERT_TRUE(store->append(StreamId{"account-ann"}, ExpectedRevision::any(), test::make_event(1, "account.merged")));
  open();
  EXPECT_TRUE(send(Withdraw{0}, id).value().repeated);
  EXPECT_EQ(send(Withdraw{0}, ids.next()).error().code(), Errc::unknown_schema);
}

TEST_F(IdempotentCommand, WithTheIdOfAnotherIsInvalid) {
  const Uuid id = ids.next();
  ASSERT_TRUE(send(Withdraw{0}, id));
  EXPECT_EQ(send(Withdraw{1}, id).error().code(), Errc::invalid) << "another amount";
  EXPECT_EQ(send(Withdraw{0}, id, "ben").error().code(), Errc::invalid) << "another account";
  EXPECT_EQ(send(Deposit{0}, id).error().code(), Errc::invalid) << "another kind";
}

TEST_F(IdempotentCommand, OlderThanItsTimeToLiveIsRefused) {
  const Uuid id = ids.next();
  ASSERT_TRUE(send(Deposit{300}, id));
  store.clock().advance(2h);
  const auto again = send(Deposit{300}, id);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Errc::invalid);
  EXPECT_EQ(again.error().number("age_ms"), 7'200'000U);
}

TEST_F(IdempotentCommand, NeedsAPlaceForItsOutcome) {
  CommandHandler<BankAccount> forgetful{*store, "account"};
  EXPECT_EQ(forgetful.handle("ann", Deposit{1}, {.command_id = ids.next()}).error().code(), Errc::invalid);
}

TEST_F(IdempotentCommand, GivesItsEventsTheSameIdsAndCauseEachTime) {
  const Uuid id = ids.next();
  ASSERT_TRUE(send(Deposit{5'000}, ids.next()));
  ASSERT_TRUE(send(Withdraw{2'000}, id));
  const auto log = store.dump();
  EXPECT_EQ(log[1].id, detail::derived_event_id(id, "account-ann", 0));
  EXPECT_EQ(log[2].id, detail::derived_event_id(id, "account-ann", 1));
  EXPECT_NE(log[1].id, log[2].id);
  EXPECT_EQ(log[1].metadata.causation_id, id);
  EXPECT_EQ(log[1].metadata.correlation_id, id);
}

TEST_F(IdempotentCommand, OfAnotherConversationStaysInIt) {
  const Uuid conversation = test::event_id(7);
  const Uuid cause = test::event_id(8);
  ASSERT_TRUE(accounts->handle(
      "ann", Deposit{1},
      {.command_id = ids.next(), .metadata = {.correlation_id = conversation, .causation_id = cause}}));
  EXPECT_EQ(store.dump().front().metadata.correlation_id, conversation);
  EXPECT_EQ(store.dump().front().metadata.causation_id, cause);
}

TEST_F(IdempotentCommand, WhoseUnitFailsLeavesNeitherEventsNorOutcome) {
  const Uuid id = ids.next();
  store.disk().inject({.only = IoOp::write, .file = FileKind::wal});
  EXPECT_FALSE(send(Deposit{300}, id));
  store.disk().clear_faults();
  if (store.database().fenced()) store.database().recover().value();
  EXPECT_EQ(store->head(), GlobalPosition{0});
  EXPECT_FALSE(send(Deposit{300}, id).value().repeated);
}

TEST_F(IdempotentCommand, OfUnknownOutcomeIsSentAgainAndDoneOnce) {
  ASSERT_TRUE(send(Deposit{1}, ids.next()));
  const Uuid id = ids.next();
  // The sync fails after the bytes have arrived: what the caller cannot know is that it was done.
  store.disk().inject({.only = IoOp::sync, .file = FileKind::wal, .after_effect = true, .failed_sync_loses = false});
  EXPECT_EQ(send(Deposit{300}, id).error().code(), Errc::outcome_unknown);
  store.disk().clear_faults();
  EXPECT_EQ(send(Deposit{300}, id).error().code(), Errc::fenced);
  store.database().recover().value();
  EXPECT_TRUE(send(Deposit{300}, id).value().repeated);
  EXPECT_EQ(store->head(), GlobalPosition{2});
  EXPECT_TRUE(send(Withdraw{301}, ids.next()));
}

class AsyncCommand : public IdempotentCommand {
 protected:
  std::vector<Result<Handled>> told;
  CommandHandler<BankAccount>::HandleDone note = [this](Result<Handled> outcome) {
    told.push_back(std::move(outcome));
  };
  void run_all() {
    while (store.database().step(100).value()) {
    }
  }
};

TEST_F(AsyncCommand, TellsItsOutcomeWhenItIsDurable) {
  ASSERT_TRUE(accounts->handle_async("ann", Deposit{300}, note));
  ASSERT_TRUE(accounts->handle_async("ben", Deposit{400}, note, {.command_id = ids.next()}));
  EXPECT_TRUE(told.empty());
  run_all();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].value().position, GlobalPosition{1});
  EXPECT_EQ(told[1].value().position, GlobalPosition{2});
  EXPECT_TRUE(accounts->handle("ann", Withdraw{300}));
}

TEST_F(AsyncCommand, ThatRaceForOneStreamAreAllDoneInOneGroupAfterTheFirst) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(accounts->handle_async("ann", Deposit{1}, note));
  run_all();
  ASSERT_EQ(told.size(), 10U);
  std::vector<std::uint64_t> revisions;
  for (const auto& one : told) revisions.push_back(one.value().revision->value);
  EXPECT_EQ(revisions, (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(told.back().value().attempt, Attempt{2});
  EXPECT_EQ(accounts->handle("ann", Withdraw{10}).value().attempt, Attempt::first());
}

TEST_F(AsyncCommand, IsDecidedOnWhatTheOthersOfItsGroupLeave) {
  ASSERT_TRUE(accounts->handle("ann", Deposit{100}));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(accounts->handle_async("ann", Withdraw{50}, note));
  run_all();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_TRUE(told[0]);
  EXPECT_TRUE(told[1]);
  EXPECT_EQ(told[2].error().rejection()->detail<std::int64_t>("balance"), 0);
}

TEST_F(AsyncCommand, ThatAppendsNothingIsToldAtOnce) {
  ASSERT_TRUE(accounts->handle_async("ann", Withdraw{50}, note));
  ASSERT_TRUE(accounts->handle_async("ann", Deposit{0}, note));
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].error().code(), Errc::rejected);
  EXPECT_TRUE(told[1].value().nothing_happened());
}

TEST_F(AsyncCommand, ThatCannotBeDecidedIsRefusedAndNotTold) {
  EXPECT_EQ(accounts->handle_async("ann", test::Crash{}, note).error().code(), Errc::handler_failed);
  run_all();
  EXPECT_TRUE(told.empty());
}

TEST_F(AsyncCommand, IsDoneAlsoWhenWhoIsToldThrows) {
  const auto throws = [](const Result<Handled>&) { throw std::runtime_error{"nobody listens"}; };
  EXPECT_TRUE(accounts->handle_async("ann", Withdraw{50}, throws)) << "told at once";
  EXPECT_TRUE(accounts->handle_async("ann", Deposit{300}, throws)) << "told by the queue";
  run_all();
  EXPECT_TRUE(accounts->handle("ann", Withdraw{300}));
}

TEST_F(AsyncCommand, WithAnIdIsDoneOnce) {
  const Uuid id = ids.next();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(accounts->handle_async("ann", Deposit{5}, note, {.command_id = id}));
  run_all();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_FALSE(told[0].value().repeated);
  EXPECT_TRUE(told[1].value().repeated);
  EXPECT_TRUE(told[2].value().repeated);
  EXPECT_EQ(store->head(), GlobalPosition{1});
}

}  // namespace
}  // namespace cairn
