#include <cairn/eventstore/verify.hpp>

#include <algorithm>
#include <stop_token>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/eventstore/snapshots.hpp>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::make_event;
using test::make_events;
using test::MemoryStore;
using testing::HasSubstr;

const StreamId ann{"account-ann"};

TEST(Verify, StopsWhenItIsAskedTo) {
  MemoryStore store;
  ASSERT_TRUE(store->append(ann, ExpectedRevision::any(), make_events(1, 300)));
  std::stop_source stop;
  EXPECT_TRUE(store->verify({.stop = stop.get_token()}).value().good());
  stop.request_stop();
  const auto stopped = store->verify({.stop = stop.get_token()});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), Errc::cancelled);
}

/// A store with something in every table.
struct FullStore {
  FullStore() : store{{.index_all_ids = true, .pending_events_max = 32, .pending_events_min = 32}} {
    NewEvent large = make_event(1, "scan.taken", {"scan:1"});
    large.data.resize(20'000);
    (void)store->append(ann, ExpectedRevision::any(), large).value();
    (void)store->append(StreamId{"order-1"}, ExpectedRevision::any(), make_events(302, 2)).value();
    (void)store->append(ann, ExpectedRevision::any(), make_events(2, 300)).value();
    store->set_retention(ann, {.events_max = 400}).value();
    Snapshots{*store}.save(ann, {.shape = {"balance", 7}, .revision = {9}, .data = to_bytes("9")}).value();
    store.settle();
    (void)store->append(StreamId{"order-2"}, ExpectedRevision::any(), make_events(304, 2)).value();
  }

  MemoryStore store;
};

TEST(VerifiedTables, AreGoodAsTheyWereWritten) {
  FullStore full;
  const auto report = full.store->verify().value();
  EXPECT_TRUE(report.good()) << *report.first_bad;
  EXPECT_EQ(report.events, 305U);
  EXPECT_EQ(report.removed, 0U);
}

TEST(VerifiedTables, TellsHowFarItIsInEachPhase) {
  FullStore full;
  std::vector<VerifyProgress> told;
  ASSERT_TRUE(full.store->verify({.on_progress = [&](const VerifyProgress& progress) { told.push_back(progress); }}));
  EXPECT_TRUE(std::ranges::is_sorted(told, {}, &VerifyProgress::phase));
  const auto last_of = [&](VerifyPhase phase) {
    const auto found = std::ranges::find(told.rbegin(), told.rend(), phase, &VerifyProgress::phase);
    return found == told.rend() ? VerifyProgress{} : *found;
  };
  for (const VerifyPhase phase : {VerifyPhase::stream_index, VerifyPhase::postings, VerifyPhase::tables}) {
    EXPECT_GT(last_of(phase).total, 0U);
    EXPECT_EQ(last_of(phase).checked, last_of(phase).total);
  }
}

TEST(VerifiedTables, ARowThatBelongsToNothingOrIsMissingIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"INSERT INTO payload VALUES (7, x'00')", "payload of position 7 belongs to no event"},
      {"DELETE FROM payload", "payload of position 1 is missing"},
      {"DELETE FROM event_id WHERE position = 5", "is not that of position 5"},
      {"UPDATE event_id SET position = 6 WHERE position = 5", "is not that of position 5"},
      {"INSERT INTO event_id VALUES (x'ff', 9)", "index of ids: 306 entries for 305 events"},
      {"INSERT INTO snapshot VALUES (99, 'balance', 1, 7, x'00')", "snapshot of stream 99: there is no such stream"},
      {"UPDATE stream SET number = 9 WHERE number = 2", "stream 2: its row is missing"},
      {"DELETE FROM stream WHERE name = 'order-2'", "stream 3: its row is missing"},
      {"UPDATE stream SET category = 1 WHERE name = 'order-2'", "stream 3: its category is not that of order-2"},
      {"DELETE FROM stream_index WHERE stream = 2", "stream index: 301 entries for 303 events"},
  };
  for (const auto& [sql, words] : cases) {
    FullStore full;
    const auto changed = full.store.database().write([&](Unit& unit) -> Result<void> {
      auto done = unit.exec(sql);
      return done ? Result<void>{} : Result<void>{std::move(done).error()};
    });
    ASSERT_TRUE(changed) << sql << ": " << changed.error().to_string();
    EXPECT_THAT(full.store->verify().value().first_bad.value_or("good"), HasSubstr(words)) << sql;
  }
}

}  // namespace
}  // namespace cairn
