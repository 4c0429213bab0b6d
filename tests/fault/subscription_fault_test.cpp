#include <cairn/eventstore/subscription.hpp>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/manual_executor.hpp>

#include "fault/fault_store.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::FaultStore;
using test::make_event;
using test::make_events;

constexpr FaultPlan failing_sync{.kind = FaultKind::io_error, .only = IoOp::sync, .file = FileKind::wal};

class SubscriptionFault : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(store.open()); }

  void append(std::size_t count) {
    (void)store.store().append(StreamId{"a-1"}, ExpectedRevision::any(), make_events(number + 1, count)).value();
    number += count;
  }
  /// Fences the store; whether the event is there is not known.
  void fail_an_append() {
    store.disk().inject(failing_sync);
    const auto failed = store.store().append(StreamId{"a-1"}, ExpectedRevision::any(), make_event(++number));
    store.disk().clear_faults();
    ASSERT_EQ(failed.error().code(), Errc::outcome_unknown);
  }
  std::vector<std::uint64_t> drain(Subscription& subscription) {
    std::vector<std::uint64_t> all;
    for (;;) {
      const auto batch = subscription.try_next().value();
      for (const RecordedEvent& event : batch.events) all.push_back(event.position.value);
      if (batch.caught_up) return all;
    }
  }
  std::vector<std::uint64_t> log() {
    std::vector<std::uint64_t> all;
    const std::vector<OwnedEvent> events = store.store().read_all().collect().value();
    for (const OwnedEvent& event : events) all.push_back(event.position.value);
    return all;
  }

  FaultStore store;
  std::uint64_t number = 0;
};

TEST_F(SubscriptionFault, GivesWhatIsCommittedThenSaysThatTheStoreIsFencedAndGoesOnAfterRecover) {
  auto subscription = store.store().subscribe().value();
  append(3);
  fail_an_append();
  auto got = drain(subscription);
  EXPECT_THAT(got, testing::ElementsAre(1, 2, 3)) << "an event whose commit failed is not handed out";
  EXPECT_EQ(subscription.try_next().error().code(), Errc::fenced);
  ASSERT_TRUE(store.database().recover());
  append(2);
  for (const std::uint64_t position : drain(subscription)) got.push_back(position);
  EXPECT_EQ(got, log());
}

TEST_F(SubscriptionFault, TellsItsHookOfTheFenceAndOfTheRecovery) {
  ManualExecutor executor;
  auto subscription = store.store().subscribe().value();
  subscription.on_ready(executor, [] {});
  (void)drain(subscription);
  (void)executor.run_all();
  fail_an_append();
  EXPECT_EQ(executor.run_all(), 1U);
  EXPECT_EQ(subscription.try_next().error().code(), Errc::fenced);
  EXPECT_EQ(executor.run_all(), 0U);
  ASSERT_TRUE(store.database().recover());
  EXPECT_EQ(executor.run_all(), 1U);
}

struct Read {
  const char* name;
  SubscribeAll options;
  bool stream;
};
void PrintTo(const Read& read, std::ostream* out) { *out << read.name; }

class SubscriptionFailingRead : public SubscriptionFault, public testing::WithParamInterface<Read> {};

// From every call on the disk fails until somebody notices, whichever kind of read that is: nothing may be lost or
// doubled by it. Once would not do: a page that cannot be had in place is read again the usual way.
TEST_P(SubscriptionFailingRead, IsAnErrorAfterWhichTheNextCallGoesOn) {
  append(600);
  for (int i = 0; i < 10; ++i) {
    NewEvent large = make_event(++number);
    large.data.resize(20'000);
    (void)store.store().append(StreamId{"a-1"}, ExpectedRevision::any(), large).value();
  }
  std::uint64_t errors = 0;
  for (std::uint64_t call = 1; call < 40; ++call) {
    store.lose_process();
    ASSERT_TRUE(store.open());
    auto subscription = GetParam().stream ? store.store().subscribe(StreamId{"a-1"}, {.batch_bytes = 30'000}).value()
                                          : store.store().subscribe(GetParam().options).value();
    store.disk().inject({.at_call = call, .kind = FaultKind::io_error, .only = IoOp::read, .sticky = true});
    std::vector<std::uint64_t> got;
    for (bool caught_up = false; !caught_up;) {
      auto batch = subscription.try_next();
      if (!batch) {
        ++errors;
        store.disk().clear_faults();
        ASSERT_EQ(batch.error().code(), Errc::unavailable) << batch.error().to_string();
        continue;
      }
      for (const RecordedEvent& event : batch->events) got.push_back(event.position.value);
      caught_up = batch->caught_up;
    }
    store.disk().clear_faults();
    ASSERT_EQ(got, log()) << "call " << call;
  }
  EXPECT_GT(errors, 5U) << "the fault never struck";
}

const Read reads[] = {
    {"Scan", {.batch_bytes = 30'000}, false},
    {"Index", {.filter = {.category = "a"}, .batch_bytes = 30'000}, false},
    {"Stream", {}, true},
};
INSTANTIATE_TEST_SUITE_P(Kinds, SubscriptionFailingRead, testing::ValuesIn(reads),
                         [](const auto& param) { return std::string{param.param.name}; });

}  // namespace
}  // namespace cairn
