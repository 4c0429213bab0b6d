#include <cairn/eventstore/subscription.hpp>

#include <ostream>
#include <string_view>

#include <gtest/gtest.h>

#include <cairn/core/memory_metrics.hpp>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::make_events;
using test::MemoryStore;

struct Counted {
  std::uint64_t batches = 0;
  std::uint64_t events = 0;
  std::uint64_t file_reads = 0;
  double lag_max = 0;  ///< left behind by a batch
  friend bool operator==(const Counted&, const Counted&) = default;
  friend void PrintTo(const Counted& counted, std::ostream* out) {
    *out << counted.batches << " batches, " << counted.events << " events, " << counted.file_reads
         << " file reads, lag " << counted.lag_max;
  }
};

class SubscriptionNumbers : public testing::Test {
 protected:
  void append(const StreamId& stream, std::size_t count) {
    (void)store->append(stream, ExpectedRevision::any(), make_events(next_event, count)).value();
    next_event += count;
  }
  static void drain(Subscription& subscription) {
    while (!subscription.try_next().value().nothing_left()) {
    }
  }
  [[nodiscard]] Counted counted(std::string_view name) const {
    const MemoryMetrics& metrics = store.metrics();
    const auto lag = metrics.recorded("cairn_subscription_lag_events", {{"subscription", name}});
    const Counted counted{
        .batches = metrics.counted("cairn_subscription_batches_total", {{"subscription", name}}),
        .events = metrics.counted("cairn_subscription_events_total", {{"subscription", name}}),
        .file_reads = metrics.counted("cairn_subscription_file_reads_total", {{"subscription", name}}),
        .lag_max = lag.max};
    EXPECT_EQ(lag.count, counted.batches);
    return counted;
  }

  MemoryStore store;
  std::uint64_t next_event = 1;
};

TEST_F(SubscriptionNumbers, CountBatchesAndEventsByNameAndNothingElse) {
  auto named = store->subscribe({.filter = {.category = "a"}, .name = "balances"}).value();
  auto stream = store->subscribe(StreamId{"a-1"}, {.name = "ann"}).value();
  auto nameless = store->subscribe().value();
  append(StreamId{"a-1"}, 3);
  append(StreamId{"b-1"}, 2);
  for (Subscription* subscription : {&named, &stream, &nameless}) drain(*subscription);
  append(StreamId{"b-1"}, 2);
  for (Subscription* subscription : {&named, &stream, &nameless}) drain(*subscription);
  EXPECT_EQ(counted("balances"), (Counted{.batches = 1, .events = 3}));
  EXPECT_EQ(counted("ann"), (Counted{.batches = 1, .events = 3}));
  EXPECT_EQ(counted(""), (Counted{.batches = 2, .events = 7}));
}

TEST_F(SubscriptionNumbers, TellHowFarBehindTheHeadABatchLeavesItsConsumer) {
  append(StreamId{"a-1"}, 100);
  auto subscription = store->subscribe({.batch_bytes = 1, .name = "slow"}).value();
  EXPECT_EQ(subscription.try_next().value().events.size(), 1U);
  EXPECT_EQ(counted("slow").lag_max, 99);
}

TEST_F(SubscriptionNumbers, TellWhenItTurnsToTheFile) {
  auto all = store->subscribe({.name = "all"}).value();
  auto stream = store->subscribe(StreamId{"a-1"}, {.name = "stream"}).value();
  for (const std::size_t behind : {10U, 17'000U, 10U, 17'000U}) {
    append(StreamId{"a-1"}, behind);
    drain(all);
    drain(stream);
  }
  EXPECT_EQ(counted("all").file_reads, 2U);
  EXPECT_EQ(counted("stream").file_reads, 2U);
  EXPECT_EQ(counted("all").events, store->head().value);
}

}  // namespace
}  // namespace cairn
