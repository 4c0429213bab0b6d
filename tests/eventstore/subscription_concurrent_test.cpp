#include <cairn/eventstore/subscription.hpp>

#include <atomic>
#include <cstdint>
#include <latch>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/pool_executor.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/event_store.hpp>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::make_event;

constexpr std::uint64_t appenders = 4;
constexpr std::uint64_t events_each = 300;
constexpr std::uint64_t events_all = appenders * events_each;

/// A store with a writer of its own, small enough that everything is flushed, dropped and overtaken all the time.
class ThreadedStore {
 public:
  ThreadedStore() {
    database = Database::open({.file = "store.db", .memory = disk.get(), .readers = 3}).value();
    open();
  }

  void open() {
    store =
        EventStore::open(*database, {.pending_events_max = 100, .pending_events_min = 100, .recent_events_max = 512})
            .value();
  }
  void append(std::uint64_t appender) const {
    const auto stream = StreamId::of("a", std::to_string(appender)).value();
    for (std::uint64_t i = 0; i < events_each; ++i) {
      auto done = store->append(stream, ExpectedRevision::any(), make_event(appender * events_each + i + 1));
      // A recovery refuses what is queued, as known not done.
      while (!done && (done.error().code() == Errc::unavailable || done.error().code() == Errc::fenced)) {
        done = store->append(stream, ExpectedRevision::any(), make_event(appender * events_each + i + 1));
      }
      ASSERT_TRUE(done) << done.error().to_string();
    }
  }
  void append_from_all() const {
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 0; i < appenders; ++i) threads.emplace_back([this, i] { append(i); });
  }

  std::unique_ptr<MemoryVfs> disk = MemoryVfs::create();
  std::unique_ptr<Database> database;
  std::unique_ptr<EventStore> store;
};

/// Counts on until `expected` events came, each once and in order.
void follow(Subscription subscription, std::uint64_t expected, bool dense) {
  std::uint64_t last = 0;
  for (std::uint64_t seen = 0; seen < expected;) {
    auto batch = subscription.next();
    ASSERT_TRUE(batch || batch.error().code() == Errc::fenced) << batch.error().to_string();
    if (!batch) continue;
    for (const RecordedEvent& event : batch->events) {
      ASSERT_GT(event.position.value, last);
      ASSERT_TRUE(!dense || event.position.value == last + 1);
      last = event.position.value;
      ++seen;
    }
    ASSERT_GE(batch->scanned_through.value, last);
  }
}

TEST(SubscriptionConcurrent, EveryBlockingConsumerSeesEveryEventOnceBesideAppendsAndRecoveries) {
  const ThreadedStore store;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i)
      threads.emplace_back([&] { follow(store.store->subscribe().value(), events_all, true); });
    threads.emplace_back([&] {
      follow(store.store->subscribe({.filter = {.category = "a"}, .batch_bytes = 1'000}).value(), events_all, true);
    });
    threads.emplace_back([&] { follow(store.store->subscribe(StreamId{"a-2"}).value(), events_each, false); });
    threads.emplace_back([&] {
      auto subscription = store.store->subscribe().value();
      for (std::uint64_t due = 0; due < events_all; due += 100) {
        for (std::uint64_t reached = 0; reached < due;) {
          const auto batch = subscription.next();
          if (batch) reached = batch->scanned_through.value;
        }
        const auto recovered = store.database->recover();
        ASSERT_TRUE(recovered || recovered.error().code() == Errc::timeout) << recovered.error().to_string();
      }
    });
    store.append_from_all();
  }
  EXPECT_EQ(store.store->head().value, events_all);
}

TEST(SubscriptionConcurrent, StopTokensTheEndOfTheDatabaseAndOfTheStoreWakeWhoWaits) {
  for (int round = 0; round < 20; ++round) {
    ThreadedStore store;
    std::latch waiting{3};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&, subscription = store.store->subscribe().value()](std::stop_token stop) mutable {
        EXPECT_TRUE(subscription.next().value().caught_up);
        waiting.count_down();
        EXPECT_EQ(subscription.next(SteadyTime::max(), stop).error().code(), Errc::cancelled);
      });
    }
    waiting.wait();
    switch (round % 3) {
      case 0: threads.clear(); break;  // asks them to stop
      case 1: EXPECT_TRUE(store.database->close()); break;
      default: store.store.reset(); break;
    }
    for (std::jthread& thread : threads) thread.join();
  }
}

/// The deletion comes before, while or after the consumer begins to wait.
TEST(SubscriptionConcurrent, TheCommitThatDeletesTheStreamWakesWhoWaitsForIt) {
  const ThreadedStore store;
  const StreamId stream{"a-0"};
  for (std::uint64_t round = 0; round < 200; ++round) {
    (void)store.store->append(stream, ExpectedRevision::no_stream(), make_event(round + 1)).value();
    auto subscription = store.store->subscribe(stream, {.from = StartRevision::after({round})}).value();
    std::latch reads{2};
    const std::jthread consumer{[&] {
      reads.arrive_and_wait();
      auto batch = subscription.next().value();
      if (!batch.truncated_before) batch = subscription.next().value();
      EXPECT_EQ(batch.truncated_before, Revision{round + 1});
    }};
    reads.arrive_and_wait();
    store.store->delete_stream(stream, ExpectedRevision::any()).value();
  }
}

TEST(SubscriptionConcurrent, ADeadlineThatPassesGivesAnEmptyBatchThatSaysHowFarItLooked) {
  const ThreadedStore store;
  const SystemClock clock;
  auto subscription = store.store->subscribe({.filter = {.category = "b"}}).value();
  EXPECT_TRUE(subscription.next().value().caught_up);
  store.append(0);
  const auto batch = subscription.next(clock.steady_now() + std::chrono::milliseconds{20}).value();
  EXPECT_THAT(batch.events, testing::IsEmpty());
  EXPECT_EQ(batch.scanned_through.value, events_each);
  EXPECT_TRUE(batch.caught_up);
}

/// Reads whenever it is called, one step a job, as a runner on a pool does.
class PooledConsumer {
 public:
  PooledConsumer(Subscription subscription, Executor& executor)
      : subscription_{std::move(subscription)}, executor_{executor} {}
  void start() {
    subscription_.on_ready(executor_, [this] { step(); });
  }
  void stop() { subscription_.on_ready(executor_, {}); }
  [[nodiscard]] std::uint64_t seen() const { return seen_; }
  void wait_for(std::uint64_t events) const {
    for (std::uint64_t seen = seen_; seen < events; seen = seen_) seen_.wait(seen);
  }

 private:
  void step() {
    const auto batch = subscription_.try_next();
    ASSERT_TRUE(batch) << batch.error().to_string();
    for (const RecordedEvent& event : batch->events) {
      ASSERT_GT(event.position.value, last_);
      last_ = event.position.value;
    }
    if (batch->nothing_left()) return;
    seen_ += batch->events.size();
    seen_.notify_all();
    executor_.post([this] { step(); });
  }

  Subscription subscription_;
  Executor& executor_;
  std::uint64_t last_ = 0;
  std::atomic<std::uint64_t> seen_ = 0;
};

TEST(SubscriptionConcurrent, ManyConsumersShareAFewThreadsAndMissNothing) {
  const ThreadedStore store;
  std::vector<std::unique_ptr<PooledConsumer>> consumers;
  const auto pool = PoolExecutor::start({.threads = 2}).value();
  for (std::uint64_t i = 0; i < 40; ++i) {
    auto subscription = i % 2 == 0
                            ? store.store->subscribe({.filter = {.category = "a"}}).value()
                            : store.store->subscribe(StreamId::of("a", std::to_string(i % appenders)).value()).value();
    consumers.push_back(std::make_unique<PooledConsumer>(std::move(subscription), *pool));
    consumers.back()->start();
  }
  store.append_from_all();
  for (std::uint64_t i = 0; i < consumers.size(); ++i) {
    consumers[i]->wait_for(i % 2 == 0 ? events_all : events_each);
    EXPECT_EQ(consumers[i]->seen(), i % 2 == 0 ? events_all : events_each);
    consumers[i]->stop();
  }
}

}  // namespace
}  // namespace cairn
