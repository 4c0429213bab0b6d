#include <cairn/eventstore/doctor.hpp>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/sql/fault_plan.hpp>
#include <cairn/eventstore/snapshots.hpp>

#include "store_doctor.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using namespace std::chrono_literals;
using test::make_events;
using test::MemoryStore;
using testing::HasSubstr;

const StreamId account{"account-1"};

void append(MemoryStore& store, std::uint64_t first, std::size_t count) {
  const auto done = store->append(account, ExpectedRevision::any(), make_events(first, count));
  ASSERT_TRUE(done) << done.error().to_string();
}

StoreReport examined(MemoryStore& store, const DoctorOptions& options = {}) {
  auto report = store->doctor(options);
  EXPECT_TRUE(report) << report.error().to_string();
  return *std::move(report);
}

std::optional<Finding> find(const StoreReport& report, std::string_view name) {
  for (const Finding& finding : report.findings) {
    if (finding.name == name) return finding;
  }
  return std::nullopt;
}

TEST(Doctor, TellsWhatTheStoreIsMadeOf) {
  MemoryStore store{{.id_window = 500}};
  append(store, 1, 600);
  ASSERT_TRUE(store->set_retention(account, {.events_max = 100}));
  const StoreReport report = examined(store);
  EXPECT_EQ(report.database.cairn_version, "0.1.0");
  EXPECT_THAT(report.database.sqlite_version, testing::StartsWith("3."));
  EXPECT_EQ(report.database.application_id, 0x43726e31U);
  EXPECT_EQ(report.database.file_format, 1U);
  EXPECT_EQ(report.log_format, 1U);
  EXPECT_GE(report.log_schema, 4U);
  EXPECT_EQ(report.head.value, 600U);
  EXPECT_EQ(report.chunks, 2U);
  EXPECT_EQ(report.tail_events, 88U);
  EXPECT_EQ(report.streams, 1U);
  EXPECT_EQ(report.categories, 1U);
  EXPECT_EQ(report.event_types, 1U);
  EXPECT_EQ(report.indexed_through.value, 0U);
  EXPECT_EQ(report.pending_index_events, 600U);
  EXPECT_EQ(report.id_window, 500U);
  EXPECT_FALSE(report.all_ids_indexed);
  EXPECT_EQ(report.streams_with_retention, 1U);
  EXPECT_EQ(report.snapshots, 0U);
  EXPECT_EQ(report.database.page_bytes, 8192U);
  EXPECT_GT(report.database.pages, 10U);
  EXPECT_EQ(report.database.journal_mode, "wal");
  EXPECT_GT(report.database.wal_pages, 0U);
  EXPECT_GT(report.database.wal_file_bytes, 0U);
  EXPECT_EQ(report.database.readers_busy, 0U);
  EXPECT_FALSE(report.database.oldest_read);
  EXPECT_FALSE(report.database.fenced);
}

TEST(Doctor, AnEmptyStoreIsHealthy) {
  MemoryStore store;
  const StoreReport report = examined(store);
  EXPECT_EQ(report.head.value, 0U);
  EXPECT_EQ(report.chunks, 0U);
  EXPECT_EQ(report.tail_events, 0U);
  EXPECT_TRUE(report.healthy()) << to_string(report);
}

TEST(Doctor, FollowsTheIndexAndTheWriteAheadLog) {
  MemoryStore store{{.index_all_ids = true, .pending_events_max = 100, .pending_events_min = 100},
                    MemoryVfs::create(),
                    {.file = "store.db", .checkpoint_pages = 4}};
  append(store, 1, 1'000);
  store.settle();
  StoreReport report = examined(store);
  EXPECT_EQ(report.indexed_through.value, 1'000U);
  EXPECT_EQ(report.pending_index_events, 0U);
  EXPECT_TRUE(report.all_ids_indexed);
  EXPECT_GT(report.database.wal_pages_copied, 0U);
  store.reopen();
  report = examined(store);
  EXPECT_EQ(report.database.file_bytes, report.database.pages * report.database.page_bytes);
  EXPECT_EQ(report.head.value, 1'000U);
}

TEST(Doctor, AnOldReadIsFoundAndTheLogThatItHolds) {
  MemoryStore store{{}, MemoryVfs::create(), {.file = "store.db", .checkpoint_pages = 4, .wal_bytes_max = 100'000}};
  append(store, 1, 10);
  StoreReport report = examined(store);
  EXPECT_FALSE(find(report, "old_read"));
  EXPECT_FALSE(find(report, "wal_held"));
  auto tx = store.database().read();
  ASSERT_TRUE(tx);
  ASSERT_TRUE(tx->first<int>("SELECT count(*) FROM stream", {}));
  for (std::uint64_t i = 1; i < 20; ++i) append(store, i * 100, 50);
  store.clock().advance(9s);
  EXPECT_FALSE(find(examined(store), "old_read"));
  store.clock().advance(3s);
  report = examined(store);
  EXPECT_EQ(report.database.readers_busy, 1U);
  EXPECT_EQ(report.database.oldest_read, 12s);
  ASSERT_TRUE(find(report, "old_read"));
  EXPECT_EQ(find(report, "old_read")->severity, Severity::warning);
  EXPECT_THAT(find(report, "old_read")->what, HasSubstr("12.0 s"));
  ASSERT_TRUE(find(report, "wal_held"));
  EXPECT_THAT(find(report, "wal_held")->advice, HasSubstr("see old_read"));
  EXPECT_LT(report.database.wal_pages_copied, report.database.wal_pages);
  EXPECT_FALSE(report.healthy());
  { const auto ended = *std::move(tx); }
  for (std::uint64_t i = 30; i < 32; ++i) append(store, i * 100, 50);
  store.settle();
  append(store, 4'000, 1);
  report = examined(store);
  EXPECT_FALSE(find(report, "old_read"));
  EXPECT_EQ(report.database.readers_busy, 0U);
  EXPECT_FALSE(find(report, "wal_held")) << to_string(report);
}

TEST(Doctor, ALogThatNoReadOfOursHoldsPointsToOtherPrograms) {
  StoreReport report;
  report.database.wal_bytes_max = 32U << 20U;
  report.database.statistics.wal_bytes = 48U << 20U;
  report.findings = log::find_all(report, {});
  ASSERT_TRUE(find(report, "wal_held"));
  EXPECT_THAT(find(report, "wal_held")->what, HasSubstr("48.0 MiB and should start over at 32.0 MiB"));
  EXPECT_THAT(find(report, "wal_held")->advice, HasSubstr("unless another program has the file open"));
}

TEST(Doctor, ReadsThatWaitForAConnectionAreFound) {
  StoreReport report;
  report.database.readers = 4;
  report.database.readers_waiting = 3;
  report.findings = log::find_all(report, {});
  ASSERT_TRUE(find(report, "readers_busy"));
  EXPECT_THAT(find(report, "readers_busy")->what, HasSubstr("3 reads wait for one of 4"));
}

TEST(Doctor, AFencedStoreIsAProblemUntilItRecovered) {
  MemoryStore store;
  append(store, 1, 10);
  store.disk().inject({.only = IoOp::sync, .sticky = true});
  EXPECT_EQ(store->append(account, ExpectedRevision::any(), make_events(100, 1)).error().code(), Errc::outcome_unknown);
  store.disk().clear_faults();
  const StoreReport report = examined(store);
  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(report.findings.front().name, "fenced") << "the most severe comes first";
  EXPECT_EQ(report.findings.front().severity, Severity::problem);
  EXPECT_FALSE(report.healthy());
  ASSERT_TRUE(store.database().recover());
  EXPECT_FALSE(find(examined(store), "fenced"));
}

TEST(Doctor, AnIndexFarBehindIsFoundUntilItCaughtUp) {
  MemoryStore store{{.pending_events_max = 64, .pending_events_min = 64}};
  append(store, 1, 128);
  EXPECT_FALSE(find(examined(store), "index_behind"));
  append(store, 1'000, 1'000);
  const StoreReport report = examined(store);
  ASSERT_TRUE(find(report, "index_behind")) << to_string(report);
  EXPECT_EQ(find(report, "index_behind")->severity, Severity::warning);
  store.settle();
  EXPECT_FALSE(find(examined(store), "index_behind"));
}

TEST(Doctor, FreePagesAreFoundWhenTheyAreWorthIt) {
  MemoryStore store;
  ASSERT_TRUE(store.database().write([](Unit& unit) { return unit.exec("CREATE TABLE filler(x)", {}); }));
  ASSERT_TRUE(store.database().write(
      [](Unit& unit) { return unit.exec("INSERT INTO filler VALUES (zeroblob(4000000))", {}); }));
  EXPECT_FALSE(find(examined(store, {.free_bytes_min = 1'000'000}), "free_pages"));
  ASSERT_TRUE(store.database().write([](Unit& unit) { return unit.exec("DELETE FROM filler", {}); }));
  EXPECT_FALSE(find(examined(store), "free_pages")) << "4 MB are not worth a word";
  const StoreReport report = examined(store, {.free_bytes_min = 1'000'000});
  EXPECT_GT(report.database.free_pages, 400U);
  ASSERT_TRUE(find(report, "free_pages"));
  EXPECT_TRUE(report.healthy()) << "a note is no illness";
  ASSERT_TRUE(store->scavenge());
  EXPECT_FALSE(find(examined(store, {.free_bytes_min = 1'000'000}), "free_pages")) << "the advice does not help";
}

TEST(Doctor, AScavengeThatStoppedHalfWayIsFound) {
  MemoryStore store{{.id_window = 8, .pending_events_max = 32, .pending_events_min = 32}};
  const StreamId stream{"account-1"};
  ASSERT_TRUE(store->append(stream, ExpectedRevision::any(), make_events(1, 600)));
  ASSERT_TRUE(store->set_retention(stream, {.events_max = 1}));
  store.settle();
  std::stop_source stop;
  EXPECT_FALSE(store->scavenge(
      {.on_progress = [&](const ScavengeProgress&) { stop.request_stop(); }, .stop = stop.get_token()}));
  EXPECT_TRUE(find(examined(store), "scavenge_begun"));
  ASSERT_TRUE(store->scavenge());
  EXPECT_FALSE(find(examined(store), "scavenge_begun"));
}

TEST(Doctor, RelaxedDurabilityIsSaid) {
  MemoryStore store{{}, MemoryVfs::create(), {.file = "store.db", .durability = Durability::relaxed}};
  ASSERT_TRUE(find(examined(store), "relaxed"));
  MemoryStore full;
  EXPECT_FALSE(find(examined(full), "relaxed"));
}

TEST(Doctor, TheWalResetBugIsSaidOfTheReleasesThatHaveIt) {
  for (const auto& [version, has] : {std::pair{"3.40.1", true}, std::pair{"3.51.2", true}, std::pair{"3.51.3", false},
                                     std::pair{"3.52.0", false}, std::pair{"4.0.0", false}}) {
    StoreReport report;
    report.database.sqlite_version = version;
    report.findings = log::find_all(report, {});
    EXPECT_EQ(find(report, "wal_reset_bug").has_value(), has) << version;
  }
}

TEST(Doctor, IsReadByPeople) {
  MemoryStore store{{}, MemoryVfs::create(), {.file = "store.db", .durability = Durability::relaxed}};
  append(store, 1, 300);
  const std::string text = to_string(examined(store));
  for (const char* part :
       {"versions        Cairn 0.1.0, SQLite 3.", "log             head 300; 1 chunks and 44 events behind them",
        "journal         wal, relaxed durability\n", "event ids       the last 65536 remembered\n",
        "note relaxed: commits are not synced one by one", "\n  open with Durability::full"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

}  // namespace
}  // namespace cairn
