#include <cairn/cairn.hpp>

#include <atomic>
#include <chrono>

#include <gtest/gtest.h>

#include <cairn/core/manual_executor.hpp>
#include <cairn/core/memory_metrics.hpp>
#include <cairn/core/simulated_clock.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

namespace cairn {
namespace {

TEST(Cairn, KeepsWhatWasAppendedOverCloseAndOpen) {
  const auto disk = MemoryVfs::create();
  for (std::uint64_t round = 0; round < 3; ++round) {
    auto cairn = Cairn::open({.file = "bank.db", .memory = disk.get()}).value();
    EventStore& events = cairn->events();
    EXPECT_EQ(events.head(), GlobalPosition{round});
    ASSERT_TRUE(events.append(StreamId{"account-42"}, ExpectedRevision::any(),
                              events.new_event("account.deposited", as_bytes("{}"))));
    ASSERT_TRUE(cairn->close());
    ASSERT_TRUE(cairn->close()) << "closing twice is fine";
  }
}

TEST(Cairn, UsesTheClockItIsHanded) {
  const auto disk = MemoryVfs::create();
  SimulatedClock clock;
  auto cairn = Cairn::open({.file = "bank.db", .memory = disk.get()}, {.clock = &clock}).value();
  EventStore& events = cairn->events();
  const NewEvent event = events.new_event("account.deposited", as_bytes("{}"));
  ASSERT_TRUE(events.append(StreamId{"account-42"}, ExpectedRevision::any(), event));
  const auto stored = events.read_all().collect().value();
  EXPECT_EQ(stored.at(0).recorded_at, clock.now());
}

TEST(Cairn, GivesItsNumbersToTheMetricsItIsHanded) {
  const auto disk = MemoryVfs::create();
  MemoryMetrics metrics;
  auto cairn = Cairn::open({.file = "bank.db", .memory = disk.get()}, {.metrics = &metrics}).value();
  EventStore& events = cairn->events();
  ASSERT_TRUE(events.append(StreamId{"account-42"}, ExpectedRevision::any(),
                            events.new_event("account.deposited", as_bytes("{}"))));
  auto subscription = events.subscribe({.name = "balances"}).value();
  ASSERT_EQ(subscription.try_next().value().events.size(), 1U);
  EXPECT_GT(metrics.recorded("cairn_commit_units").count, 0U);
  EXPECT_EQ(metrics.counted("cairn_subscription_events_total", {{"subscription", "balances"}}), 1U);
}

TEST(Cairn, GivesHandlersTheirEventsOnceItIsStarted) {
  const auto disk = MemoryVfs::create();
  for (std::uint64_t life = 1; life <= 2; ++life) {
    auto cairn = Cairn::open({.file = "bank.db", .memory = disk.get()}).value();
    std::atomic<int> handled{0};
    cairn->runner()
        .add("balances",
             [&handled](Unit&, const RecordedEvent&) -> Result<void> {
               ++handled;
               return {};
             })
        .value();
    cairn->start().value();
    EXPECT_EQ(cairn->start().error().code(), Errc::invalid);
    EventStore& events = cairn->events();
    const auto done = events.append(StreamId{"account-42"}, ExpectedRevision::any(),
                                    events.new_event("account.deposited", as_bytes("{}")));
    cairn->runner().wait_for("balances", done.value().last_position, std::chrono::hours{1}).value();
    cairn->close().value();
    EXPECT_EQ(handled, 1);
    EXPECT_EQ(cairn->runner().progress("balances").value().position, GlobalPosition{life});
  }
}

TEST(Cairn, TriesDeadLettersAgainOnWhatItIsHanded) {
  const auto disk = MemoryVfs::create();
  SimulatedClock clock;
  ManualExecutor executor;
  CairnOptions options{.file = "bank.db", .memory = disk.get()};
  options.database.writer = WriterMode::stepped;
  auto cairn = Cairn::open(options, {.clock = &clock, .executor = &executor, .timers = &clock}).value();
  bool broken = true;
  const RedrivePolicy in_a_minute{.retry = {.backoff = exponential(std::chrono::minutes{1}, std::chrono::minutes{1})}};
  cairn->runner()
      .add("balances",
           [&](Unit&, const RecordedEvent&) -> Result<void> {
             if (broken) return Error{Errc::unavailable, "not now"};
             return {};
           },
           {.retry = {.max_attempts = 1}, .redrive = in_a_minute})
      .value();
  cairn->start().value();
  EventStore& events = cairn->events();
  (void)events
      .append(StreamId{"account-42"}, ExpectedRevision::any(), events.new_event("account.deposited", as_bytes("{}")))
      .value();
  (void)executor.run_all();
  EXPECT_EQ(cairn->dead_letters().count({.state = LetterState::parked}).value(), 1U);
  broken = false;
  clock.advance(std::chrono::minutes{1});
  (void)executor.run_all();
  EXPECT_EQ(cairn->dead_letters().count({.state = LetterState::resolved}).value(), 1U);
}

TEST(Cairn, RefusesAnExecutorWithoutTimers) {
  ManualExecutor executor;
  const auto refused = Cairn::open({.file = "bank.db"}, {.executor = &executor});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::invalid);
}

TEST(Cairn, RefusesWorkAfterClose) {
  const auto disk = MemoryVfs::create();
  auto cairn = Cairn::open({.file = "bank.db", .memory = disk.get()}).value();
  ASSERT_TRUE(cairn->close());
  EventStore& events = cairn->events();
  const NewEvent event = events.new_event("account.deposited", as_bytes("{}"));
  const auto refused = events.append(StreamId{"account-42"}, ExpectedRevision::any(), event);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::cancelled);
}

// The log leaves while the database is half closed, and must not be told anything after that.
TEST(Cairn, ClosesOnceTheReadThatHeldItUpHasEnded) {
  const auto disk = MemoryVfs::create();
  auto database =
      Database::open({.file = "bank.db", .memory = disk.get(), .read_timeout = std::chrono::milliseconds{1}}).value();
  auto events = EventStore::open(*database).value();
  {
    const auto read = database->read();
    ASSERT_TRUE(read);
    EXPECT_EQ(database->close().error().code(), Errc::timeout);
    events.reset();
  }
  EXPECT_TRUE(database->close());
}

TEST(Cairn, SaysWhyItCannotOpen) {
  const auto missing = Cairn::open({.file = "/no/such/directory/bank.db"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Errc::not_found);
}

}  // namespace
}  // namespace cairn
