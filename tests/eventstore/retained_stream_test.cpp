// What load(), snapshots and subscriptions make of a stream that does not keep everything.
#include <cstdint>
#include <ostream>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/manual_executor.hpp>
#include <cairn/eventstore/snapshots.hpp>

#include "eventstore/bank_account.hpp"
#include "support/code_of.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::Account;
using test::code_of;
using test::Deposited;
using test::make_events;
using test::MemoryStore;
using Revisions = std::vector<std::uint64_t>;

const StreamId ann{"account-ann"};

class RetainedState : public testing::Test {
 protected:
  void deposit(std::size_t count) {
    std::vector<NewEvent> events;
    for (std::size_t i = 0; i < count; ++i) events.push_back(store->new_event(Deposited{1}).value());
    ASSERT_TRUE(store->append(ann, ExpectedRevision::any(), events));
  }
  std::int64_t cents() { return Snapshots{*store}.load<Account>(ann).value().state.cents; }

  MemoryStore store;
};

TEST_F(RetainedState, IsWhatTheKeptEventsAddUpTo) {
  deposit(10);
  store->set_retention(ann, {.events_max = 4}).value();
  EXPECT_EQ(load<Account>(*store, ann).value().state.cents, 4);
}

TEST_F(RetainedState, OfAStreamThatKeepsNothingCanBeAppendedTo) {
  deposit(3);
  store->set_retention(ann, {.truncate_before = {3}}).value();
  const auto loaded = load<Account>(*store, ann).value();
  EXPECT_EQ(loaded.events, 0U);
  EXPECT_EQ(loaded.expected(), ExpectedRevision::exactly(2));
  EXPECT_TRUE(store->append(ann, loaded.expected(), store->new_event(Deposited{1}).value()));
}

TEST_F(RetainedState, GoesOnFromASnapshotThatIsNewerThanTheCut) {
  Snapshots snapshots{*store};
  deposit(10);
  snapshots.save(ann, load<Account>(*store, ann).value()).value();
  deposit(2);
  store->set_retention(ann, {.truncate_before = {10}}).value();
  EXPECT_EQ(cents(), 12);
  store->set_retention(ann, {.truncate_before = {11}}).value();
  EXPECT_EQ(cents(), 1) << "the snapshot ends before an event that is gone";
}

TEST_F(RetainedState, OfADeletedStreamLeavesNoSnapshotBehind) {
  Snapshots snapshots{*store};
  deposit(10);
  const auto old = load<Account>(*store, ann).value();
  snapshots.save(ann, old).value();
  store->delete_stream(ann, ExpectedRevision::any()).value();
  EXPECT_EQ(cents(), 0);
  EXPECT_EQ(load<Account>(*store, ann).value().expected(), ExpectedRevision::no_stream());
  EXPECT_EQ(code_of(snapshots.save(ann, old)), Errc::invalid);
  deposit(1);
  EXPECT_EQ(cents(), 1);
  EXPECT_EQ(code_of(snapshots.save(ann, old)), Errc::invalid) << "a state of the life before";
  EXPECT_EQ(cents(), 1);
}

/// The parameter is how much of the log stays in memory for subscriptions.
class RetainedSubscription : public testing::TestWithParam<std::size_t> {
 protected:
  struct Read {
    Revisions revisions;
    std::vector<std::uint64_t> cuts;
    friend bool operator==(const Read&, const Read&) = default;
    friend void PrintTo(const Read& read, std::ostream* out) {
      *out << testing::PrintToString(read.revisions) << " cut " << testing::PrintToString(read.cuts);
    }
  };

  RetainedSubscription() : store{{.recent_events_max = GetParam()}} {}
  void append(std::size_t count) {
    (void)store->append(ann, ExpectedRevision::any(), make_events(next_event, count)).value();
    next_event += count;
  }
  Subscription subscribe(StartRevision from) { return store->subscribe(ann, {.from = from}).value(); }
  static Read drain(Subscription& subscription) {
    Read read;
    for (;;) {
      const auto batch = subscription.try_next().value();
      if (batch.truncated_before) {
        read.cuts.push_back(batch.truncated_before->value);
        if (!batch.events.empty()) {
          EXPECT_GE(batch.events.front().revision, *batch.truncated_before);
        }
      }
      for (const RecordedEvent& event : batch.events) read.revisions.push_back(event.revision.value);
      if (batch.nothing_left()) return read;
    }
  }

  MemoryStore store;
  std::uint64_t next_event = 1;
};

TEST_P(RetainedSubscription, ThatStartsInATruncatedRangeSaysSoOnce) {
  append(10);
  store->set_retention(ann, {.truncate_before = {7}}).value();
  auto beginning = subscribe(StartRevision::beginning());
  auto before = subscribe(StartRevision::after({3}));
  auto behind = subscribe(StartRevision::after({6}));
  auto end = subscribe(StartRevision::end());
  EXPECT_EQ(drain(beginning), (Read{{7, 8, 9}, {7}}));
  EXPECT_EQ(drain(before), (Read{{7, 8, 9}, {7}}));
  EXPECT_EQ(drain(behind), (Read{{7, 8, 9}, {}}));
  EXPECT_EQ(drain(end), (Read{}));
  append(1);
  EXPECT_EQ(drain(beginning), (Read{{10}, {}}));
  EXPECT_EQ(drain(end), (Read{{10}, {}}));
}

TEST_P(RetainedSubscription, ThatIsOvertakenByACutSaysSo) {
  append(5);
  auto subscription = subscribe(StartRevision::beginning());
  EXPECT_EQ(drain(subscription), (Read{{0, 1, 2, 3, 4}, {}}));
  append(10);
  store->set_retention(ann, {.events_max = 3}).value();
  EXPECT_EQ(drain(subscription), (Read{{12, 13, 14}, {12}}));
  append(300);
  EXPECT_EQ(drain(subscription), (Read{{312, 313, 314}, {312}}));
  append(2);
  EXPECT_EQ(drain(subscription), (Read{{315, 316}, {}}));
}

TEST_P(RetainedSubscription, FollowsAStreamIntoItsNextLife) {
  append(4);
  auto lagging = subscribe(StartRevision::beginning());
  auto current = subscribe(StartRevision::beginning());
  EXPECT_EQ(drain(current), (Read{{0, 1, 2, 3}, {}}));
  store->delete_stream(ann, ExpectedRevision::any()).value();
  auto end = subscribe(StartRevision::end());
  EXPECT_EQ(drain(current), (Read{{}, {4}}));
  EXPECT_EQ(drain(end), (Read{}));
  append(2);
  EXPECT_EQ(drain(current), (Read{{4, 5}, {}}));
  EXPECT_EQ(drain(lagging), (Read{{4, 5}, {4}}));
  EXPECT_EQ(drain(end), (Read{{4, 5}, {}}));
}

TEST_P(RetainedSubscription, HearsOfADeletionAlsoWithTheFirstEventOfTheNextLife) {
  append(4);
  auto current = subscribe(StartRevision::beginning());
  EXPECT_EQ(drain(current), (Read{{0, 1, 2, 3}, {}}));
  store->delete_stream(ann, ExpectedRevision::any()).value();
  append(2);
  EXPECT_EQ(drain(current), (Read{{4, 5}, {4}}));
  store->delete_stream(ann, ExpectedRevision::any()).value();
  EXPECT_EQ(drain(current), (Read{{}, {6}}));
}

TEST_P(RetainedSubscription, HearsOfADeletionWhereverItBegan) {
  append(4);
  auto end = subscribe(StartRevision::end());
  auto behind = subscribe(StartRevision::after({3}));
  EXPECT_EQ(drain(behind), (Read{}));
  store->delete_stream(ann, ExpectedRevision::any()).value();
  EXPECT_EQ(drain(end), (Read{{}, {4}}));
  EXPECT_EQ(drain(behind), (Read{{}, {4}}));
  auto back_from_the_ended_life = subscribe(StartRevision::after({3}));
  EXPECT_EQ(drain(back_from_the_ended_life), (Read{{}, {4}}));
  append(2);
  auto back_from_the_next_life = subscribe(StartRevision::after({4}));
  EXPECT_EQ(drain(back_from_the_next_life), (Read{{5}, {}}));
}

TEST_P(RetainedSubscription, IsWokenByTheCommitThatDeletesItsStream) {
  const StreamId ben{"account-ben"};
  append(4);
  (void)store->append(ben, ExpectedRevision::any(), make_events(next_event, 1)).value();
  auto to_ann = subscribe(StartRevision::beginning());
  auto to_ben = store->subscribe(ben).value();
  auto to_all = store->subscribe().value();
  ManualExecutor executor;
  for (Subscription* subscription : {&to_ann, &to_ben, &to_all}) {
    subscription->on_ready(executor, [] {});
    EXPECT_FALSE(drain(*subscription).revisions.empty());
  }
  (void)executor.run_all();
  store->set_retention(ann, {.truncate_before = {4}}).value();
  EXPECT_EQ(executor.run_all(), 0U) << "nothing was cut that it does not have";
  EXPECT_EQ(drain(to_ann), (Read{}));
  store->delete_stream(ann, ExpectedRevision::any()).value();
  EXPECT_EQ(executor.run_all(), 1U);
  EXPECT_EQ(drain(to_ann), (Read{{}, {4}}));
  store->tombstone_stream(ben, ExpectedRevision::any()).value();
  EXPECT_EQ(executor.run_all(), 1U);
  EXPECT_EQ(drain(to_ben), (Read{{}, {1}}));
}

TEST_P(RetainedSubscription, HearsOfACutThatLeavesNothing) {
  append(4);
  auto subscription = subscribe(StartRevision::beginning());
  store->tombstone_stream(ann, ExpectedRevision::any()).value();
  EXPECT_EQ(drain(subscription), (Read{{}, {4}}));
}

TEST_P(RetainedSubscription, GoesOnAfterRecovery) {
  append(4);
  auto subscription = subscribe(StartRevision::beginning());
  store->set_retention(ann, {.truncate_before = {2}}).value();
  store.database().recover().value();
  EXPECT_EQ(drain(subscription), (Read{{2, 3}, {2}}));
  append(1);
  EXPECT_EQ(drain(subscription), (Read{{4}, {}}));
}

INSTANTIATE_TEST_SUITE_P(From, RetainedSubscription, testing::Values(16'384, 0),
                         [](const auto& param) { return param.param == 0 ? "File" : "Memory"; });

}  // namespace
}  // namespace cairn
