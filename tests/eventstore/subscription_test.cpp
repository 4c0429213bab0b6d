#include <cairn/eventstore/subscription.hpp>

#include <chrono>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/manual_executor.hpp>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

using namespace std::chrono_literals;
using test::make_event;
using test::make_events;
using test::MemoryStore;
using testing::ElementsAre;
using testing::IsEmpty;
using Positions = std::vector<std::uint64_t>;

Positions positions(const Subscription::Batch& batch) {
  Positions all;
  for (const RecordedEvent& event : batch.events) all.push_back(event.position.value);
  return all;
}

Positions revisions(const Subscription::Batch& batch) {
  Positions all;
  for (const RecordedEvent& event : batch.events) all.push_back(event.revision.value);
  return all;
}

/// Everything there is now.
Positions drain(Subscription& subscription) {
  Positions all;
  for (;;) {
    const auto batch = subscription.try_next().value();
    for (const std::uint64_t position : positions(batch)) all.push_back(position);
    if (batch.nothing_left()) return all;
  }
}

Positions range(std::uint64_t from, std::uint64_t to) {
  Positions all;
  for (std::uint64_t i = from; i <= to; ++i) all.push_back(i);
  return all;
}

class SubscriptionTest : public testing::Test {
 protected:
  /// One event in `stream`, at the next position.
  void append(const StreamId& stream, std::string_view type = "t", std::vector<std::string> tags = {}) {
    (void)store->append(stream, ExpectedRevision::any(), make_event(++last, type, std::move(tags))).value();
  }
  void append_many(const StreamId& stream, std::size_t count) {
    (void)store->append(stream, ExpectedRevision::any(), make_events(last + 1, count, "t")).value();
    last += count;
  }

  MemoryStore store;
  std::uint64_t last = 0;
};

TEST_F(SubscriptionTest, GivesWhatIsThereAndThenWhatComes) {
  append(StreamId{"a-1"});
  append(StreamId{"a-2"});
  auto subscription = store->subscribe().value();
  auto batch = subscription.try_next().value();
  EXPECT_THAT(positions(batch), ElementsAre(1, 2));
  EXPECT_EQ(batch.scanned_through.value, 2U);
  EXPECT_TRUE(batch.caught_up);
  append(StreamId{"a-3"});
  batch = subscription.try_next().value();
  EXPECT_THAT(positions(batch), ElementsAre(3));
  EXPECT_EQ(batch.events[0].stream, "a-3");
  EXPECT_EQ(batch.events[0].type, "t");
}

TEST_F(SubscriptionTest, FindsAnEmptyLogCaughtUp) {
  auto subscription = store->subscribe().value();
  const auto batch = subscription.try_next().value();
  EXPECT_THAT(batch.events, IsEmpty());
  EXPECT_EQ(batch.scanned_through.value, 0U);
  EXPECT_TRUE(batch.caught_up);
}

struct Start {
  const char* name;
  StartPosition from;
  Positions expected;  ///< of the positions 1 to 3 beforehand and 4 to 6 later
};
void PrintTo(const Start& start, std::ostream* out) { *out << start.name; }

class SubscriptionStart : public SubscriptionTest, public testing::WithParamInterface<Start> {};

TEST_P(SubscriptionStart, DecidesWhatIsTheFirstEvent) {
  append_many(StreamId{"a-1"}, 3);
  auto subscription = store->subscribe({.from = GetParam().from}).value();
  append_many(StreamId{"a-1"}, 3);
  EXPECT_EQ(drain(subscription), GetParam().expected);
}

const Start starts[] = {
    {"Beginning", StartPosition::beginning(), {1, 2, 3, 4, 5, 6}},
    {"End", StartPosition::end(), {4, 5, 6}},
    {"AfterNothing", StartPosition::after({0}), {1, 2, 3, 4, 5, 6}},
    {"AfterACheckpoint", StartPosition::after({2}), {3, 4, 5, 6}},
    {"AfterTheHead", StartPosition::after({3}), {4, 5, 6}},
    {"AfterAPositionToCome", StartPosition::after({5}), {6}},
    {"AfterTheLastToCome", StartPosition::after({6}), {}},
};
INSTANTIATE_TEST_SUITE_P(Starts, SubscriptionStart, testing::ValuesIn(starts),
                         [](const auto& param) { return std::string{param.param.name}; });

struct StreamStart {
  const char* name;
  StartRevision from;
  Positions expected;  ///< of the revisions 0 to 2 beforehand and 3 to 5 later
};
void PrintTo(const StreamStart& start, std::ostream* out) { *out << start.name; }

class StreamSubscriptionStart : public SubscriptionTest, public testing::WithParamInterface<StreamStart> {};

TEST_P(StreamSubscriptionStart, DecidesWhatIsTheFirstRevision) {
  for (int i = 0; i < 3; ++i) {
    append(StreamId{"b-1"});
    append(StreamId{"a-1"});
  }
  auto subscription = store->subscribe(StreamId{"a-1"}, {.from = GetParam().from}).value();
  for (int i = 0; i < 3; ++i) {
    append(StreamId{"a-1"});
    append(StreamId{"b-1"});
  }
  const auto batch = subscription.try_next().value();
  EXPECT_EQ(revisions(batch), GetParam().expected);
  for (const RecordedEvent& event : batch.events) EXPECT_EQ(event.stream, "a-1");
}

const StreamStart stream_starts[] = {
    {"Beginning", StartRevision::beginning(), {0, 1, 2, 3, 4, 5}},
    {"End", StartRevision::end(), {3, 4, 5}},
    {"AfterACheckpoint", StartRevision::after({0}), {1, 2, 3, 4, 5}},
    {"AfterTheHead", StartRevision::after({2}), {3, 4, 5}},
    {"AfterARevisionToCome", StartRevision::after({4}), {5}},
};
INSTANTIATE_TEST_SUITE_P(Starts, StreamSubscriptionStart, testing::ValuesIn(stream_starts),
                         [](const auto& param) { return std::string{param.param.name}; });

TEST_F(SubscriptionTest, OfAStreamBeginsBeforeTheStreamDoes) {
  auto subscription = store->subscribe(StreamId{"a-1"}).value();
  EXPECT_THAT(drain(subscription), IsEmpty());
  append(StreamId{"b-1"});
  append(StreamId{"a-1"});
  EXPECT_THAT(drain(subscription), ElementsAre(2));
}

struct Filtered {
  const char* name;
  EventFilter filter;
  Positions expected;
};
void PrintTo(const Filtered& filtered, std::ostream* out) { *out << filtered.name; }

class SubscriptionFilter : public SubscriptionTest, public testing::WithParamInterface<Filtered> {
 protected:
  void append_all() {
    append(StreamId{"account-1"}, "opened", {"vip"});
    append(StreamId{"account-2"}, "closed");
    append(StreamId{"order-1"}, "opened", {"vip", "eu"});
    append(StreamId{"account-11"}, "moved", {"eu"});
    append(StreamId{"$run-1"}, "opened", {"vip"});
  }
};

TEST_P(SubscriptionFilter, LetsTheSameThroughFromTheFileAndAsItComes) {
  const SubscribeAll options{.filter = GetParam().filter};
  auto live = store->subscribe(options).value();
  EXPECT_THAT(drain(live), IsEmpty());  // before the names it filters by exist
  append_all();
  EXPECT_EQ(drain(live), GetParam().expected);

  append_many(StreamId{"filler-1"}, 600);
  store.reopen();
  auto from_file = store->subscribe(options).value();
  Positions found = drain(from_file);
  std::erase_if(found, [](std::uint64_t position) { return position > 5; });  // not the filler
  EXPECT_EQ(found, GetParam().expected);
}

const Filtered filters[] = {
    {"Nothing", {}, {1, 2, 3, 4}},
    {"System", {.system = true}, {1, 2, 3, 4, 5}},
    {"Category", {.category = "account"}, {1, 2, 4}},
    {"SystemCategoryNotAskedFor", {.category = "$run"}, {}},
    {"SystemCategory", {.category = "$run", .system = true}, {5}},
    {"UnknownCategory", {.category = "nobody"}, {}},
    {"Prefix", {.stream_prefix = "account-1"}, {1, 4}},
    {"PrefixOfACategory", {.stream_prefix = "ord"}, {3}},
    {"Type", {.query = EventQuery::types({"opened"})}, {1, 3}},
    {"Types", {.query = EventQuery::types({"moved", "closed", "never"})}, {2, 4}},
    {"Tag", {.query = EventQuery::tags({"vip"})}, {1, 3}},
    {"Tags", {.query = EventQuery::tags({"vip", "eu"})}, {3}},
    {"TypeInCategory", {.category = "account", .query = EventQuery::types({"opened"})}, {1}},
    {"EitherOfTwo", {.query = {{{.types = {"moved"}}, {.tags = {"vip"}}}}}, {1, 3, 4}},
};
INSTANTIATE_TEST_SUITE_P(Filters, SubscriptionFilter, testing::ValuesIn(filters),
                         [](const auto& param) { return std::string{param.param.name}; });

TEST_F(SubscriptionTest, MovesTheCheckpointOverWhatTheFilterLeavesOut) {
  auto subscription = store->subscribe({.filter = {.category = "a"}}).value();
  append_many(StreamId{"b-1"}, 1'000);
  const auto batch = subscription.try_next().value();
  EXPECT_THAT(batch.events, IsEmpty());
  EXPECT_EQ(batch.scanned_through.value, 1'000U);
  EXPECT_TRUE(batch.caught_up);
}

TEST_F(SubscriptionTest, SaysHowFarItGotWhenALongWayHadNothing) {
  append_many(StreamId{"b-1"}, 100'000);
  store.reopen();
  auto subscription = store->subscribe({.filter = {.stream_prefix = "a"}}).value();
  const auto batch = subscription.next(store.clock().steady_now() + 1h).value();
  EXPECT_THAT(batch.events, IsEmpty());
  EXPECT_FALSE(batch.caught_up);
  EXPECT_GE(batch.scanned_through.value, 65'536U);
  EXPECT_LT(batch.scanned_through.value, 100'000U);
}

TEST_F(SubscriptionTest, ReturnsAfterOneStepWhenItsTimeIsOver) {
  append_many(StreamId{"b-1"}, 100'000);
  store.reopen();
  auto subscription = store->subscribe({.filter = {.stream_prefix = "a"}}).value();
  const auto batch = subscription.try_next().value();
  EXPECT_FALSE(batch.caught_up);
  EXPECT_LT(batch.scanned_through.value, 65'536U);
}

TEST_F(SubscriptionTest, KeepsAStartToComeAsItsCheckpointUntilTheLogGetsThere) {
  append_many(StreamId{"a-1"}, 3);
  auto subscription = store->subscribe({.from = StartPosition::after({5})}).value();
  const auto batch = subscription.try_next().value();
  EXPECT_EQ(batch.scanned_through.value, 5U);
  EXPECT_TRUE(batch.caught_up);
}

class SubscriptionBehind : public testing::TestWithParam<EventStoreOptions> {};

TEST_P(SubscriptionBehind, GivesEveryEventOnceWhereverItIsKept) {
  MemoryStore store{GetParam()};
  auto all = store->subscribe({.batch_bytes = 5'000}).value();
  auto category = store->subscribe({.filter = {.category = "odd"}, .batch_bytes = 5'000}).value();
  auto stream = store->subscribe(StreamId{"even-2"}, {.batch_bytes = 5'000}).value();
  std::uint64_t number = 0;
  Positions got_all;
  Positions got_category;
  Positions got_stream;
  const auto collect = [](Subscription& from, Positions& to) {
    const auto found = drain(from);
    to.insert(to.end(), found.begin(), found.end());
  };
  // Rounds of all sizes: none, a few, more than a chunk, more than is kept.
  for (const std::uint64_t round : {1U, 2U, 300U, 5U, 255U, 256U, 257U, 1'500U, 1U, 4'000U, 3U}) {
    for (std::uint64_t i = 0; i < round; ++i) {
      ++number;
      const auto to = StreamId::of(number % 2 == 0 ? "even" : "odd", std::to_string(number % 4)).value();
      NewEvent event = make_event(number);
      if (number % 97 == 0) event.data.resize(20'000);
      (void)store->append(to, ExpectedRevision::any(), event).value();
    }
    collect(all, got_all);
    if (round % 2 == 1) collect(category, got_category);
    if (round > 200) collect(stream, got_stream);
  }
  collect(category, got_category);
  collect(stream, got_stream);
  Positions odd;
  Positions second;
  for (std::uint64_t p = 1; p <= number; ++p) {
    if (p % 2 == 1) odd.push_back(p);
    if (p % 4 == 2) second.push_back(p);
  }
  EXPECT_EQ(got_all, range(1, number));
  EXPECT_EQ(got_category, odd);
  EXPECT_EQ(got_stream, second);
}

INSTANTIATE_TEST_SUITE_P(Kept, SubscriptionBehind,
                         testing::Values(EventStoreOptions{},
                                         EventStoreOptions{.pending_events_max = 64, .pending_events_min = 64},
                                         EventStoreOptions{.recent_events_max = 0},
                                         EventStoreOptions{.recent_events_max = 512},
                                         EventStoreOptions{.recent_bytes_max = 100'000}));

TEST_F(SubscriptionTest, KeepsItsEventsGoodWhileTheLogGoesOn) {
  auto subscription = store->subscribe().value();
  append(StreamId{"a-1"}, "first");
  const auto batch = subscription.try_next().value();
  const OwnedEvent before{batch.events[0]};
  append_many(StreamId{"a-1"}, 2'000);
  store.database().recover().value();
  EXPECT_EQ(OwnedEvent{batch.events[0]}, before);
}

TEST_F(SubscriptionTest, HoldsNoReadTransactionBetweenCalls) {
  append_many(StreamId{"a-1"}, 3'000);
  store.reopen();
  auto subscription = store->subscribe({.batch_bytes = 1}).value();
  EXPECT_FALSE(subscription.try_next().value().caught_up);
  EXPECT_TRUE(store.database().recover());  // refused while a read is open
}

TEST_F(SubscriptionTest, GoesOnAfterRecoverWhereItWas) {
  append_many(StreamId{"a-1"}, 700);
  auto all = store->subscribe({.batch_bytes = 1}).value();
  auto stream = store->subscribe(StreamId{"a-1"}, {.batch_bytes = 1}).value();
  Positions got = positions(all.try_next().value());
  (void)drain(stream);
  store.database().recover().value();
  append_many(StreamId{"a-1"}, 3);
  for (const std::uint64_t position : drain(all)) got.push_back(position);
  EXPECT_EQ(got, range(1, 703));
  EXPECT_EQ(drain(stream), range(701, 703));
}

TEST_F(SubscriptionTest, CanBeMovedWithItsPlaceAndItsBatch) {
  append_many(StreamId{"a-1"}, 2);
  auto first = store->subscribe().value();
  const auto batch = first.try_next().value();
  Subscription second{std::move(first)};
  EXPECT_THAT(positions(batch), ElementsAre(1, 2));
  append(StreamId{"a-1"});
  EXPECT_THAT(drain(second), ElementsAre(3));
}

TEST_F(SubscriptionTest, RefusesBatchesOfNothing) {
  EXPECT_EQ(store->subscribe({.batch_bytes = 0}).error().code(), Errc::invalid);
  EXPECT_EQ(store->subscribe(StreamId{"a-1"}, {.batch_bytes = 0}).error().code(), Errc::invalid);
}

TEST_F(SubscriptionTest, IsRefusedInsideAUnit) {
  auto subscription = store->subscribe().value();
  const auto inside = store.database().write([&](Unit&) -> Result<void> {
    auto batch = subscription.try_next();
    if (!batch) return batch.error();
    return {};
  });
  ASSERT_FALSE(inside);
  EXPECT_EQ(inside.error().code(), Errc::invalid);
  EXPECT_THAT(inside.error().message(), testing::HasSubstr("Subscription::next"));
}

TEST_F(SubscriptionTest, IsCancelledByItsStopTokenAndGoesOnWithout) {
  append(StreamId{"a-1"});
  auto subscription = store->subscribe().value();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(subscription.next(SteadyTime::max(), stop.get_token()).error().code(), Errc::cancelled);
  EXPECT_THAT(drain(subscription), ElementsAre(1));
}

TEST_F(SubscriptionTest, IsCancelledWhenTheDatabaseCloses) {
  auto subscription = store->subscribe().value();
  append(StreamId{"a-1"});
  store.database().close().value();
  EXPECT_EQ(subscription.try_next().error().code(), Errc::cancelled);
  EXPECT_EQ(store->subscribe().error().code(), Errc::cancelled);
}

TEST_F(SubscriptionTest, OutlivesTheStoreAndIsCancelled) {
  ManualExecutor executor;
  auto subscription = store->subscribe().value();
  subscription.on_ready(executor, [] {});
  executor.run_all();
  (void)drain(subscription);
  store.reopen();
  EXPECT_EQ(executor.pending(), 1U);  // it is told
  EXPECT_EQ(subscription.try_next().error().code(), Errc::cancelled);
}

class SubscriptionHook : public SubscriptionTest {
 protected:
  /// How many jobs were posted since it was asked last; none of them reads.
  std::size_t rings() { return executor.run_all(); }

  ManualExecutor executor;
  std::size_t calls = 0;
};

TEST_F(SubscriptionHook, IsPostedAtOnceAndOnceForEachTimeSomethingComes) {
  auto subscription = store->subscribe().value();
  subscription.on_ready(executor, [this] { ++calls; });
  EXPECT_EQ(rings(), 1U);
  append(StreamId{"a-1"});
  EXPECT_EQ(rings(), 0U) << "it has not been read since";
  EXPECT_THAT(drain(subscription), ElementsAre(1));
  EXPECT_EQ(rings(), 0U);
  append(StreamId{"a-1"});
  append(StreamId{"a-1"});
  EXPECT_EQ(rings(), 1U);
  EXPECT_THAT(drain(subscription), ElementsAre(2, 3));
  append(StreamId{"a-1"});
  EXPECT_EQ(rings(), 1U);
  EXPECT_EQ(calls, 3U);
}

TEST_F(SubscriptionHook, IsNotPostedForWhatTheFilterCannotLetThrough) {
  auto category = store->subscribe({.filter = {.category = "a"}}).value();
  auto type = store->subscribe({.filter = {.query = EventQuery::types({"wanted"})}}).value();
  auto stream = store->subscribe(StreamId{"a-2"}).value();
  append(StreamId{"b-0"});
  append(StreamId{"a-1"}, "wanted");
  for (Subscription* subscription : {&category, &type, &stream}) {
    subscription->on_ready(executor, [] {});
    (void)drain(*subscription);
  }
  (void)rings();
  append(StreamId{"b-1"});
  EXPECT_EQ(rings(), 0U);
  append(StreamId{"a-1"});
  EXPECT_EQ(rings(), 1U);
  append(StreamId{"b-1"}, "wanted");
  EXPECT_EQ(rings(), 1U);
  append(StreamId{"a-2"});
  EXPECT_EQ(rings(), 1U) << "the category waits no more: it was told and has not read";
}

TEST_F(SubscriptionHook, IsPostedForTheFirstEventOfANameThatWasUnknown) {
  auto subscription = store->subscribe({.filter = {.query = EventQuery::types({"new"})}}).value();
  subscription.on_ready(executor, [] {});
  EXPECT_THAT(drain(subscription), IsEmpty());
  (void)rings();
  append(StreamId{"a-1"}, "new");
  EXPECT_EQ(rings(), 1U);
  EXPECT_THAT(drain(subscription), ElementsAre(1));
}

TEST_F(SubscriptionHook, IsPostedAgainForWhatCameBeforeTheLastBatchWasAnswered) {
  append_many(StreamId{"a-1"}, 2);
  auto subscription = store->subscribe({.batch_bytes = 1}).value();
  subscription.on_ready(executor, [] {});
  EXPECT_EQ(rings(), 1U);
  EXPECT_FALSE(subscription.try_next().value().caught_up);
  append(StreamId{"a-1"});
  EXPECT_EQ(rings(), 0U) << "there was more, so it is the consumer's turn";
  EXPECT_THAT(drain(subscription), ElementsAre(2, 3));
}

TEST_F(SubscriptionHook, IsGoneWithItsSubscription) {
  {
    auto subscription = store->subscribe().value();
    subscription.on_ready(executor, [this] { ++calls; });
  }
  append(StreamId{"a-1"});
  (void)rings();
  EXPECT_EQ(calls, 0U);
}

TEST_F(SubscriptionHook, CanBeTakenAway) {
  auto subscription = store->subscribe().value();
  subscription.on_ready(executor, [this] { ++calls; });
  subscription.on_ready(executor, {});
  EXPECT_EQ(rings(), 1U);
  EXPECT_EQ(calls, 0U);
}

TEST_F(SubscriptionHook, IsPostedAfterRecover) {
  auto subscription = store->subscribe().value();
  subscription.on_ready(executor, [] {});
  (void)drain(subscription);
  (void)rings();
  store.database().recover().value();
  EXPECT_EQ(rings(), 1U);
}

}  // namespace
}  // namespace cairn
