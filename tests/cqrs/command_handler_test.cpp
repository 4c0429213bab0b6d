#include <cairn/cqrs/command_handler.hpp>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "cqrs/bank.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::BankAccount;
using test::Deposit;
using test::Deposited;
using test::MemoryStore;
using test::Withdraw;

const StreamId ann{"account-ann"};

class CommandHandlerTest : public testing::Test {
 protected:
  /// Somebody else's append.
  void deposit_behind_its_back(std::int64_t cents) {
    const NewEvent event = store->new_event(Deposited{cents}).value();
    ASSERT_TRUE(store->append(ann, ExpectedRevision::any(), event));
  }
  [[nodiscard]] std::int64_t balance() { return load<BankAccount>(*store, ann).value().state.cents; }
  [[nodiscard]] std::vector<std::string> types() {
    std::vector<std::string> found;
    for (const OwnedEvent& event : store.dump()) found.push_back(event.type);
    return found;
  }

  MemoryStore store;
  CommandHandler<BankAccount> accounts{*store, "account"};
};

TEST_F(CommandHandlerTest, AppendsWhatWasDecidedAndSaysWhere) {
  const Handled first = accounts.handle("ann", Deposit{5'000}).value();
  EXPECT_EQ(first, (Handled{.revision = Revision{0}, .position = {1}, .events = 1}));
  const Handled second = accounts.handle("ann", Withdraw{2'000}).value();
  EXPECT_EQ(second, (Handled{.revision = Revision{2}, .position = {3}, .events = 2}));
  EXPECT_EQ(types(), (std::vector<std::string>{"account.deposited", "account.withdrawn", "account.flagged"}));
}

TEST_F(CommandHandlerTest, ARejectionReachesTheCallerWithCodeAndDetails) {
  ASSERT_TRUE(accounts.handle("ann", Deposit{300}));
  const auto done = accounts.handle("ann", Withdraw{500});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Errc::rejected);
  EXPECT_EQ(done.error().message(), "handle account-ann: account.insufficient_funds") << "no details: it may be logged";
  ASSERT_NE(done.error().rejection(), nullptr);
  EXPECT_EQ(done.error().rejection()->detail<std::int64_t>("balance"), 300);
  EXPECT_EQ(store->head(), GlobalPosition{1}) << "nothing was appended";
}

TEST_F(CommandHandlerTest, ACommandAfterWhichNothingHappenedAppendsNothing) {
  EXPECT_EQ(accounts.handle("ann", Deposit{0}).value(), (Handled{.revision = std::nullopt, .position = {0}}));
  ASSERT_TRUE(accounts.handle("ann", Deposit{1}));
  const Handled done = accounts.handle("ann", Deposit{0}).value();
  EXPECT_TRUE(done.nothing_happened());
  EXPECT_EQ(done.revision, Revision{0});
  EXPECT_EQ(done.position, GlobalPosition{1});
}

TEST_F(CommandHandlerTest, DecidesAgainWhenSomebodyElseWasFaster) {
  ASSERT_TRUE(accounts.handle("ann", Deposit{300}));
  deposit_behind_its_back(400);
  const Handled done = accounts.handle("ann", Withdraw{700}).value();
  EXPECT_EQ(done.revision, Revision{2});
  EXPECT_EQ(balance(), 0);
}

TEST_F(CommandHandlerTest, RejectsOnlyOnTheStateTheStreamHas) {
  ASSERT_TRUE(accounts.handle("ann", Deposit{300}));
  deposit_behind_its_back(400);
  EXPECT_TRUE(accounts.handle("ann", Withdraw{700})) << "the warm state has not enough";
  deposit_behind_its_back(1);
  EXPECT_EQ(accounts.handle("ann", Withdraw{2}).error().rejection()->detail<std::int64_t>("balance"), 1);
}

TEST_F(CommandHandlerTest, AWarmStateIsNotReadAgain) {
  ASSERT_TRUE(accounts.handle("ann", Deposit{300}));
  // A reader that could not be had would make the command fail.
  DatabaseOptions options;
  options.readers = 1;
  options.read_timeout = std::chrono::milliseconds{1};
  MemoryStore narrow{{}, MemoryVfs::create(), options};
  CommandHandler<BankAccount> warm{*narrow, "account"};
  ASSERT_TRUE(warm.handle("ann", Deposit{300}));
  const auto the_only_reader = narrow.database().read().value();
  EXPECT_TRUE(warm.handle("ann", Withdraw{100}));
  EXPECT_EQ(warm.handle("ben", Deposit{100}).error().code(), Errc::timeout) << "a cold one is";
}

TEST_F(CommandHandlerTest, AWarmStateDoesNotOutliveARecovery) {
  ASSERT_TRUE(accounts.handle("ann", Deposit{300}));
  store.database().recover().value();
  deposit_behind_its_back(400);
  EXPECT_EQ(accounts.handle("ann", Withdraw{700}).value().attempt, Attempt::first());
}

TEST_F(CommandHandlerTest, AStreamThatWasDeletedBeginsAnew) {
  ASSERT_TRUE(accounts.handle("ann", Deposit{300}));
  store->delete_stream(ann, ExpectedRevision::any()).value();
  EXPECT_EQ(accounts.handle("ann", Withdraw{100}).error().code(), Errc::rejected);
  ASSERT_TRUE(accounts.handle("ann", Deposit{50}));
  EXPECT_EQ(balance(), 50);
  EXPECT_TRUE(accounts.handle("ann", Withdraw{50}));
}

TEST_F(CommandHandlerTest, AStreamOfAnotherLifeIsNotTakenForTheOldOne) {
  ASSERT_TRUE(accounts.handle("ann", Deposit{300}));
  store->delete_stream(ann, ExpectedRevision::any()).value();
  deposit_behind_its_back(20);
  EXPECT_EQ(accounts.handle("ann", Withdraw{100}).error().code(), Errc::rejected);
  EXPECT_TRUE(accounts.handle("ann", Withdraw{20}));
}

TEST_F(CommandHandlerTest, UserCodeThatThrowsIsAnErrorAndChangesNothing) {
  ASSERT_TRUE(accounts.handle("ann", Deposit{300}));
  const auto done = accounts.handle("ann", test::Crash{});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Errc::handler_failed);
  EXPECT_EQ(done.error().message(), "handle account-ann: decide: no such account book");
  EXPECT_EQ(store->head(), GlobalPosition{1});
}

/// Refuses to apply what it decided.
struct Brittle {
  using Event = std::variant<Deposited>;
  Decision<Event> decide(const Deposit& c) const { return Deposited{c.cents}; }
  void evolve(const Deposited& e) {
    if (e.cents < 0) throw std::runtime_error{"negative"};
  }
};
static_assert(Decider<Brittle, Deposit>);

TEST_F(CommandHandlerTest, AnEventThatEvolveRefusesIsNotStored) {
  CommandHandler<Brittle> brittle{*store, "account"};
  EXPECT_EQ(brittle.handle("ann", Deposit{-1}).error().code(), Errc::handler_failed);
  EXPECT_EQ(store->head(), GlobalPosition{0});
  EXPECT_TRUE(brittle.handle("ann", Deposit{1}));
}

TEST_F(CommandHandlerTest, IsRefusedInsideAUnitByName) {
  const auto done = store.database().write([&](Unit&) { return accounts.handle("ann", Deposit{1}); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Errc::invalid);
  EXPECT_NE(done.error().message().find("CommandHandler::handle"), std::string::npos) << done.error().message();
}

TEST_F(CommandHandlerTest, EventsCarryTheMetadataOfTheirCommand) {
  const Uuid conversation = test::event_id(7);
  ASSERT_TRUE(accounts.handle(
      "ann", Deposit{1}, {.metadata = {.correlation_id = conversation, .headers = {{"traceparent", "00-1-2-01"}}}}));
  const OwnedEvent event = store.dump().front();
  EXPECT_EQ(event.metadata.correlation_id, conversation);
  EXPECT_EQ(event.metadata.headers.size(), 1U);
}

TEST_F(CommandHandlerTest, SnapshotsLandWithTheEventsThatMakeThemDue) {
  CommandHandler<BankAccount> often{*store, "account", {.snapshots = {.every_events = 3, .every_bytes = 0}}};
  const Snapshots snapshots{*store};
  const auto newest = [&] { return snapshots.load<BankAccount>(ann).value().snapshot; };
  ASSERT_TRUE(often.handle("ann", Deposit{1}));
  ASSERT_TRUE(often.handle("ann", Deposit{2}));
  EXPECT_EQ(newest(), std::nullopt);
  ASSERT_TRUE(often.handle("ann", Deposit{3}));
  EXPECT_EQ(newest(), Revision{2});
  EXPECT_EQ(snapshots.load<BankAccount>(ann).value().state.cents, 6);
  ASSERT_TRUE(often.handle("ann", Deposit{4}));
  EXPECT_EQ(newest(), Revision{2}) << "the count begins again";
  CommandHandler<BankAccount> cold{*store, "account"};
  EXPECT_EQ(cold.handle("ann", Withdraw{10}).value().revision, Revision{4});
}

/// While it decides, somebody else does something first.
struct Contested {
  using Event = std::variant<Deposited>;
  static inline std::function<void()> meanwhile;
  static inline int decisions = 0;
  static inline int races_left = 0;
  std::int64_t cents = 0;
  Decision<Event> decide(const Deposit& c) const {
    ++decisions;
    if (races_left-- > 0) meanwhile();
    return Deposited{c.cents};
  }
  Decision<Event> decide(const Withdraw& c) const {
    if (races_left-- > 0) meanwhile();
    if (cents < c.cents) return reject("account.insufficient_funds", {{"balance", cents}});
    return Deposited{-c.cents};
  }
  void evolve(const Deposited& e) { cents += e.cents; }
};

class Races : public CommandHandlerTest {
 protected:
  void lose(int races) {
    lose(races, [this] { deposit_behind_its_back(1); });
  }
  static void lose(int races, std::function<void()> meanwhile) {
    Contested::meanwhile = std::move(meanwhile);
    Contested::decisions = 0;
    Contested::races_left = races;
  }
};

TEST_F(Races, ThatAreAllLostEndInTheUnitWhereNobodyCanComeBetween) {
  CommandHandler<Contested> contested{*store, "account"};
  lose(2);
  const Handled done = contested.handle("ann", Deposit{5}).value();
  EXPECT_EQ(done.attempt, Attempt{3});
  EXPECT_EQ(done.revision, Revision{2});
  EXPECT_EQ(Contested::decisions, 3);
  EXPECT_TRUE(contested.handle("ann", Withdraw{7})) << "what was decided there is kept warm as well";
}

TEST_F(Races, DecidedInTheUnitSeeOnlyTheLifeTheStreamHasNow) {
  CommandHandler<Contested> contested{*store, "account", {.races = {.max_attempts = 1, .backoff = immediate()}}};
  ASSERT_TRUE(contested.handle("ann", Deposit{300}));
  lose(1, [this] {
    store->delete_stream(ann, ExpectedRevision::any()).value();
    deposit_behind_its_back(20);
  });
  const auto done = contested.handle("ann", Withdraw{100});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().rejection()->detail<std::int64_t>("balance"), 20);
  lose(1, [this] { store->delete_stream(ann, ExpectedRevision::any()).value(); });
  EXPECT_EQ(contested.handle("ann", Withdraw{20}).error().rejection()->detail<std::int64_t>("balance"), 0);
}

TEST_F(Races, ThatAreAllLostAreAConflictForWhoWantsThat) {
  CommandHandler<Contested> contested{
      *store, "account", {.races = {.max_attempts = 3, .backoff = immediate()}, .after_races = AfterRaces::give_up}};
  lose(3);
  const auto done = contested.handle("ann", Deposit{5});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Errc::conflict);
  EXPECT_EQ(Contested::decisions, 3) << "no more than allowed";
  EXPECT_TRUE(contested.handle("ann", Deposit{5}));
}

/// Fires at once and notes how long it should have waited.
class NotingTimers final : public Timers {
 public:
  std::vector<std::chrono::nanoseconds> waits;

 private:
  [[nodiscard]] SteadyTime timer_now() const noexcept override { return SteadyTime{}; }
  std::uint64_t set_steady(SteadyTime time, Job job) override {
    waits.push_back(time - SteadyTime{});
    job();
    return 1;
  }
  std::uint64_t set_wall(Timestamp, Job) override { return 0; }
  bool cancel_timer(std::uint64_t) noexcept override { return false; }
};

TEST_F(Races, WaitBetweenAttemptsOnlyWhenToldTo) {
  NotingTimers timers;
  CommandHandler<Contested> patient{
      *store,
      "account",
      {.races = {.max_attempts = 4, .backoff = exponential(std::chrono::hours{1}, std::chrono::hours{2})}},
      {.timers = &timers}};
  lose(3);
  ASSERT_TRUE(patient.handle("ann", Deposit{5}));
  ASSERT_EQ(timers.waits.size(), 3U);
  for (const auto wait : timers.waits) EXPECT_LE(wait, std::chrono::hours{2});

  CommandHandler<Contested> at_once{*store, "account", {}, {.timers = &timers}};
  lose(1);
  ASSERT_TRUE(at_once.handle("ann", Deposit{5}));
  EXPECT_EQ(timers.waits.size(), 3U);
}

}  // namespace
}  // namespace cairn
