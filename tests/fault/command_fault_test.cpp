// Commands with ids in trouble: whatever fails or crashes, sending them again ends with each done once.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/cqrs/command_handler.hpp>
#include <cairn/cqrs/command_outcomes.hpp>

#include "cqrs/bank.hpp"
#include "fault/errors.hpp"
#include "fault/fault_store.hpp"
#include "support/fault_sweep.hpp"
#include "support/long_run.hpp"

namespace cairn {
namespace {

using test::BankAccount;
using test::Deposit;
using test::FaultStore;
using test::Withdraw;

/// A store with a handler, on a disk that may have been struck.
struct Bank : FaultStore {
  explicit Bank(std::unique_ptr<MemoryVfs> disk = MemoryVfs::create({.track_durability = true}))
      : FaultStore{std::move(disk)} {
    FaultStore::open().value();
    outcomes = CommandOutcomes::open(database(), {}, &clock()).value();
    // Snapshots too, so that they are part of what may be torn.
    accounts = std::make_unique<CommandHandler<BankAccount>>(
        store(), "account", CommandHandlerOptions{.snapshots = {.every_events = 3, .every_bytes = 0}},
        CommandHandlerParts{.outcomes = outcomes.get()});
  }

  std::unique_ptr<CommandOutcomes> outcomes;
  std::unique_ptr<CommandHandler<BankAccount>> accounts;
};

struct Sent {
  Uuid id;
  std::string key;
  BankAccount::Command command;
};

/// Deposits and withdrawals of three accounts, some rejected, some of two events, some of none.
std::vector<Sent> commands() {
  SimulatedClock clock;
  SeededRandom random{11};
  UuidV7Source ids{clock, random};
  std::vector<Sent> all;
  for (std::int64_t i = 0; i < 18; ++i) {
    BankAccount::Command command = Deposit{i % 6 == 0 ? 0 : 400 * i};
    if (i % 3 == 2) command = Withdraw{i % 2 == 0 ? 900 : 9'000};
    all.push_back(
        {ids.next(), std::string{"abc"}.substr(static_cast<std::size_t>(i % 3 == 2 ? i % 2 : i % 3), 1), command});
  }
  return all;
}

Result<Handled> send(Bank& bank, const Sent& sent) {
  return std::visit(
      [&](const auto& command) { return bank.accounts->handle(sent.key, command, {.command_id = sent.id}); },
      sent.command);
}

/// Whether the domain has answered, yes or no.
bool is_answered(const Result<Handled>& outcome) { return outcome || outcome.error().code() == Errc::rejected; }

/// What does not depend on when it was written.
struct Trace {
  std::vector<std::string> events;
  std::vector<std::string> answers;
  friend bool operator==(const Trace&, const Trace&) = default;
};

std::vector<std::string> events_of(Bank& bank) {
  std::vector<std::string> events;
  const auto log = bank.store().read_all().collect().value();
  for (const OwnedEvent& event : log) {
    events.push_back(event.stream + ' ' + event.type + ' ' + std::string{as_text(event.data)} + ' ' +
                     event.id.to_string());
  }
  return events;
}

/// Sends everything, which must succeed.
Trace send_all(Bank& bank) {
  Trace trace;
  for (const Sent& sent : commands()) {
    const auto outcome = send(bank, sent);
    EXPECT_TRUE(is_answered(outcome)) << outcome.error().to_string();
    trace.answers.push_back(outcome ? std::to_string(outcome->events) + " events at " +
                                          std::to_string(outcome->position.value)
                                    : outcome.error().rejection()->to_string());
  }
  trace.events = events_of(bank);
  return trace;
}

Trace undisturbed() {
  Bank bank;
  Trace trace = send_all(bank);
  EXPECT_GT(trace.events.size(), 8U);
  EXPECT_LT(trace.events.size(), 18U) << "some rejected, some without events";
  return trace;
}

/// An outcome is there exactly when the events are.
void expect_events_with_outcomes(Bank& bank) {
  const auto events = events_of(bank);
  std::size_t in_outcomes = 0;
  auto transaction = bank.database().read().value();
  transaction
      .each("SELECT events FROM command_outcome", {}, [&](const Row& row) { in_outcomes += row.get<std::size_t>(0); })
      .value();
  EXPECT_EQ(events.size(), in_outcomes);
}

TEST(CommandFault, AfterACrashAtAnyCallEachCommandIsDoneOnce) {
  const Trace expected = undisturbed();
  Bank bank;
  std::uint64_t images = 0;
  const std::uint64_t every = test::long_run() ? 1 : 7;
  std::size_t answered = 0;
  bank.disk().on_call([&](const IoCall& call) {
    if (call.number % every != 0) return;
    // On a thread of its own, because this one is inside a unit, where no other store may be waited for.
    std::thread{[&] {
      const auto unsynced = std::array{CrashDamage::Unsynced::nothing, CrashDamage::Unsynced::everything,
                                       CrashDamage::Unsynced::random}[call.number / every % 3];
      SCOPED_TRACE("call " + std::to_string(call.number));
      Bank image{bank.disk().crash({.seed = call.number, .unsynced = unsynced})};
      expect_events_with_outcomes(image);
      for (std::size_t i = 0; i < answered; ++i) {
        const auto again = send(image, commands()[i]);
        EXPECT_TRUE(again ? again->repeated : again.error().number("repeated").has_value()) << "command " << i;
      }
      EXPECT_EQ(send_all(image), expected);
      ++images;
    }}.join();
  });
  for (const Sent& sent : commands()) {
    ASSERT_TRUE(is_answered(send(bank, sent)));
    ++answered;
  }
  bank.disk().on_call({});
  EXPECT_GT(images, 10U);
}

class CommandFaultSweep : public testing::TestWithParam<test::FaultSweepCase> {};

TEST_P(CommandFaultSweep, AFailedCallIsAnErrorAndSendingAgainDoesEachCommandOnce) {
  const Trace expected = undisturbed();
  const std::uint64_t step = test::long_run() || GetParam().plan.only == IoOp::sync ? 1 : 5;
  bool fired = true;
  FaultPlan plan = GetParam().plan;
  for (plan.at_call = 1; fired && !HasFailure(); plan.at_call += step) {
    SCOPED_TRACE("call " + std::to_string(plan.at_call));
    Bank bank;
    bank.disk().inject(plan);
    for (const Sent& sent : commands()) {
      const auto outcome = send(bank, sent);
      if (is_answered(outcome)) continue;
      EXPECT_TRUE(test::is_trouble(outcome.error().code())) << outcome.error().to_string();
      break;
    }
    fired = bank.disk().faults_fired() > 0;
    bank.disk().clear_faults();
    if (bank.fenced()) bank.database().recover().value();
    expect_events_with_outcomes(bank);
    EXPECT_EQ(send_all(bank), expected);
    EXPECT_TRUE(bank.store().verify().value().good());
  }
  EXPECT_GT(plan.at_call, 3 * step) << "the fault never struck";
}

INSTANTIATE_TEST_SUITE_P(Faults, CommandFaultSweep, testing::ValuesIn(test::fault_sweep({})),
                         [](const auto& one) { return std::string{one.param.name}; });

}  // namespace
}  // namespace cairn
