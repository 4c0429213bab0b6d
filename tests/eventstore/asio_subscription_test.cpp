#include <cairn/eventstore/asio_subscription.hpp>

#include <cstdint>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

namespace asio = boost::asio;
using test::make_event;
using test::MemoryStore;
using testing::ElementsAre;
using Positions = std::vector<std::uint64_t>;

class AsioSubscriptionTest : public testing::Test {
 protected:
  void append() { (void)store->append(StreamId{"a-1"}, ExpectedRevision::any(), make_event(++last)).value(); }
  /// Starts a coroutine that reads until it fails, and says with what.
  void follow(asio::cancellation_slot slot = {}) {
    asio::co_spawn(context, read(AsioSubscription{context.get_executor(), store->subscribe().value()}, this),
                   asio::bind_cancellation_slot(slot, [this](const std::exception_ptr& failed, Errc ended) {
                     EXPECT_EQ(failed, nullptr);
                     outcome = ended;
                   }));
  }
  /// Runs what can run now.
  void run() {
    context.restart();
    context.poll();
  }

  static asio::awaitable<Errc> read(AsioSubscription subscription, AsioSubscriptionTest* test) {
    co_await asio::this_coro::throw_if_cancelled(false);
    for (;;) {
      auto batch = co_await subscription.next();
      if (!batch) co_return batch.error().code();
      ++test->batches;
      for (const RecordedEvent& event : batch->events) test->seen.push_back(event.position.value);
    }
  }

  MemoryStore store;
  asio::io_context context;
  std::uint64_t last = 0;
  Positions seen;
  int batches = 0;
  std::optional<Errc> outcome;
};

TEST_F(AsioSubscriptionTest, SuspendsWhileThereIsNothingAndResumesForEachEvent) {
  append();
  follow();
  run();
  EXPECT_THAT(seen, ElementsAre(1));
  append();
  append();
  run();
  EXPECT_THAT(seen, ElementsAre(1, 2, 3));
  const int before = batches;
  run();
  EXPECT_EQ(batches, before);
  EXPECT_FALSE(outcome);
  store.reopen();
  run();
  EXPECT_EQ(outcome, Errc::cancelled);
}

TEST_F(AsioSubscriptionTest, SaysOnceThatItHasCaughtUp) {
  follow();
  run();
  EXPECT_EQ(batches, 1);
  EXPECT_THAT(seen, ElementsAre());
  store.reopen();
  run();
}

TEST_F(AsioSubscriptionTest, IsCancelledWithTheCoroutineThatWaits) {
  asio::cancellation_signal signal;
  follow(signal.slot());
  run();
  signal.emit(asio::cancellation_type::terminal);
  run();
  EXPECT_EQ(outcome, Errc::cancelled);
}

TEST_F(AsioSubscriptionTest, IsCancelledBeforeItWaits) {
  asio::cancellation_signal signal;
  append();
  follow(signal.slot());
  while (seen.empty() && context.poll_one() > 0) {
  }
  signal.emit(asio::cancellation_type::terminal);  // it has read, and does not wait yet
  run();
  EXPECT_EQ(outcome, Errc::cancelled);
}

}  // namespace
}  // namespace cairn
