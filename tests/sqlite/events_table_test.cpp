// Table cairn_events as a program with SQL sees it.
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sqlite/extension_connection.hpp"
#include "support/memory_store.hpp"

namespace cairn::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const StreamId account{"account-1"};

void append(MemoryStore& store, const StreamId& stream, const std::vector<NewEvent>& events) {
  const auto done = store->append(stream, ExpectedRevision::any(), events);
  ASSERT_TRUE(done) << done.error().to_string();
}

TEST(EventsTable, ShowsEveryFieldOfAnEvent) {
  MemoryStore store;
  NewEvent event = make_event(1, "account.deposited", {"owner:ann", "say \"hi\"\\"});
  event.schema_version = 3;
  event.data = to_bytes(R"({"cents":500})");
  event.metadata.occurred_at = Timestamp{std::chrono::microseconds{1'704'067'200'250'000}};
  event.metadata.correlation_id = event_id(7);
  event.metadata.causation_id = event_id(8);
  event.metadata.headers = {{"ip", "::1"}, {"note", "two\nlines \x01"}, {"ip", "again"}};
  append(store, account, {event});
  ExtensionConnection db{store.disk()};
  EXPECT_EQ(db.one("SELECT position, stream, revision, type, schema_version, category, occurred_at, content_type, "
                   "typeof(data), data FROM cairn_events"),
            "1|account-1|0|account.deposited|3|account|2024-01-01T00:00:00.250000Z|json|text|{\"cents\":500}");
  EXPECT_EQ(db.one("SELECT event_id, correlation_id, causation_id FROM cairn_events"),
            event_id(1).to_string() + "|" + event_id(7).to_string() + "|" + event_id(8).to_string());
  EXPECT_EQ(db.one("SELECT tags FROM cairn_events"), R"(["owner:ann","say \"hi\"\\"])");
  EXPECT_EQ(db.one("SELECT headers FROM cairn_events"), R"({"ip":"::1","note":"two\u000alines \u0001","ip":"again"})");
  EXPECT_EQ(db.one("SELECT headers ->> 'ip', headers ->> 'note' FROM cairn_events"), "::1|two\nlines \x01");
  EXPECT_EQ(db.one("SELECT data ->> 'cents' FROM cairn_events"), "500");
  EXPECT_EQ(db.one("SELECT rowid FROM cairn_events"), "1");
}

TEST(EventsTable, WhatIsAbsentIsNull) {
  MemoryStore store;
  append(store, account, {make_event(1)});
  ExtensionConnection db{store.disk()};
  EXPECT_EQ(db.one("SELECT occurred_at, correlation_id, causation_id, tags, headers FROM cairn_events"),
            "NULL|NULL|NULL|[]|{}");
}

TEST(EventsTable, TimesOutsideTheYearsOfRfc3339AreMicroseconds) {
  MemoryStore store;
  NewEvent event = make_event(1);
  event.metadata.occurred_at = Timestamp{std::chrono::microseconds{-62'167'219'200'000'001}};
  append(store, account, {event});
  ExtensionConnection db{store.disk()};
  EXPECT_EQ(db.one("SELECT typeof(occurred_at), occurred_at FROM cairn_events"), "integer|-62167219200000001");
}

TEST(EventsTable, DataIsTextOnlyWhereItIsJsonInUtf8) {
  struct Case {
    ContentType content_type;
    std::string data;
    std::string answer;
  };
  const std::vector<Case> cases{{ContentType::json, "{\"n\":1}", "text|7B226E223A317D"},
                                {ContentType::json, "", "text|"},
                                {ContentType::json, "\xff", "blob|FF"},
                                {ContentType::json, std::string(1, '\0'), "blob|00"},
                                {ContentType::protobuf, "abc", "blob|616263"},
                                {ContentType::binary, "", "blob|"}};
  for (const Case& one : cases) {
    MemoryStore store;
    NewEvent event = make_event(1);
    event.content_type = one.content_type;
    event.data = to_bytes(one.data);
    append(store, account, {event});
    ExtensionConnection db{store.disk()};
    EXPECT_EQ(db.one("SELECT typeof(data), hex(data) FROM cairn_events"), one.answer);
  }
}

TEST(EventsTable, PayloadsInRowsOfTheirOwnComeWhole) {
  MemoryStore store;
  std::vector<NewEvent> events = make_events(1, 260);
  for (const std::size_t large : {3U, 4U, 259U}) events[large].data = Bytes(1'000'000 + large, std::byte{'7'});
  append(store, account, events);
  ExtensionConnection db{store.disk()};
  EXPECT_THAT(db.ask("SELECT position FROM cairn_events WHERE length(data) > 100000").rows,
              ElementsAre("4", "5", "260"));
  EXPECT_EQ(db.one("SELECT length(data), length(replace(data, '7', '')) FROM cairn_events WHERE position = 5"),
            "1000004|0");
}

TEST(EventsTable, AnEmptyStoreHasNoRows) {
  MemoryStore store;
  ExtensionConnection db{store.disk()};
  EXPECT_THAT(db.ask("SELECT * FROM cairn_events").rows, IsEmpty());
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE stream = 'account-1'"), "0");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE type = 'account.opened'"), "0");
}

TEST(EventsTable, ShowsWhatRetentionHidesAndTheStreamsOfTheSystem) {
  MemoryStore store;
  append(store, account, make_events(1, 5));
  append(store, StreamId::parse("$clock").value(), make_events(6, 1));
  ASSERT_TRUE(store->set_retention(account, {.events_max = 2}));
  ExtensionConnection db{store.disk()};
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE stream = 'account-1'"), "5");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE stream = '$clock'"), "1");
  ASSERT_TRUE(store->tombstone_stream(account, ExpectedRevision::any()));
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE stream = 'account-1'"), "5");
}

TEST(EventsTable, ReadsNoMoreThanARangeOfPositionsNeeds) {
  MemoryStore store;
  append(store, account, make_events(1, 10'000));
  ExtensionConnection db{store.disk()};
  const auto all = db.ask("SELECT position FROM cairn_events");
  ASSERT_THAT(all.rows, SizeIs(10'000));
  for (const char* condition :
       {"position BETWEEN 5000 AND 5002", "position > 4999 AND position < 5003", "rowid >= 5000 AND rowid <= 5002",
        "stream = 'account-1' AND revision BETWEEN 4999 AND 5001",
        "stream = 'account-1' AND position IN (5000, 5001, 5002)"}) {
    const auto some = db.ask(std::string{"SELECT position FROM cairn_events WHERE "} + condition);
    EXPECT_THAT(some.rows, ElementsAre("5000", "5001", "5002")) << condition;
    EXPECT_LT(some.steps, 200) << condition << ": SQLite saw more rows than asked for";
  }
}

TEST(EventsTable, TheOrderOfPositionsNeedsNoSort) {
  MemoryStore store;
  append(store, account, make_events(1, 3'000));
  ExtensionConnection db{store.disk()};
  const auto newest = db.ask("SELECT position FROM cairn_events ORDER BY position DESC LIMIT 2");
  EXPECT_THAT(newest.rows, ElementsAre("3000", "2999"));
  EXPECT_LT(newest.steps, 100);
  const auto last =
      db.ask("SELECT revision FROM cairn_events WHERE stream = 'account-1' ORDER BY revision DESC LIMIT 2");
  EXPECT_THAT(last.rows, ElementsAre("2999", "2998"));
  EXPECT_LT(last.steps, 100);
}

TEST(EventsTable, ComparesAsTheStatementSaysAndNotAsTheIndexDoes) {
  MemoryStore store;
  append(store, account, make_events(1, 3));
  append(store, StreamId{"5"}, make_events(4, 1));
  ExtensionConnection db{store.disk()};
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE stream = 'ACCOUNT-1'"), "0");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE stream = 'ACCOUNT-1' COLLATE NOCASE"), "3");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE stream = 5"), "1");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE position < '3'"), "2");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE position < 2.5"), "2");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE position > 'x'"), "0");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE position < x'00'"), "4");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE position > NULL"), "0");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE stream = NULL"), "0");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE position > -9223372036854775808"), "4");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE position >= 9223372036854775807"), "0");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE position < 0"), "0");
}

TEST(EventsTable, AStatementSeesOneStateWhileTheStoreGoesOn) {
  MemoryStore store;
  append(store, account, make_events(1, 700));
  ExtensionConnection db{store.disk()};
  sqlite3_stmt* statement = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(db.get(), "SELECT position FROM cairn_events", -1, &statement, nullptr), SQLITE_OK);
  int rows = 0;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    ++rows;
    EXPECT_EQ(sqlite3_txn_state(db.get(), "main"), SQLITE_TXN_READ);
    if (rows % 100 == 0) append(store, account, make_events(10'000 + static_cast<std::uint64_t>(rows), 50));
    store.settle();
  }
  EXPECT_EQ(rows, 700);
  EXPECT_EQ(sqlite3_txn_state(db.get(), "main"), SQLITE_TXN_NONE) << "a lock outlived the statement";
  sqlite3_finalize(statement);
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events"), "1050");
}

TEST(EventsTable, HoldsNothingBetweenStatementsOfATransactionButItsOwnView) {
  MemoryStore store;
  append(store, account, make_events(1, 10));
  ExtensionConnection db{store.disk()};
  EXPECT_EQ(db.one("BEGIN"), "no row");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events"), "10");
  append(store, account, make_events(11, 10));
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events"), "10");
  EXPECT_EQ(db.one("COMMIT"), "no row");
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events"), "20");
  EXPECT_EQ(db.close(), SQLITE_OK) << "a statement or blob was left open";
}

TEST(EventsTable, ReadsAStoreWhoseOwnerDied) {
  MemoryStore store;
  append(store, account, make_events(1, 300));
  append(store, account, make_events(301, 20));
  const auto left = store.disk().clone();
  ASSERT_TRUE(left->read_file("store.db-wal") && !left->read_file("store.db-wal")->empty());
  ExtensionConnection db{*left};
  EXPECT_EQ(db.one("SELECT count(*), max(position) FROM cairn_events"), "320|320");
}

TEST(EventsTable, ACutWriteAheadLogShowsTheCommitsBeforeTheCut) {
  MemoryStore store;
  append(store, account, make_events(1, 300));
  append(store, account, make_events(301, 20));
  const auto left = store.disk().clone();
  Bytes wal = left->read_file("store.db-wal").value();
  wal.resize(wal.size() - 100);
  left->replace_file("store.db-wal", wal);
  ExtensionConnection db{*left};
  EXPECT_EQ(db.one("SELECT count(*), max(position) FROM cairn_events"), "300|300");
}

TEST(EventsTable, ReadsABackup) {
  MemoryStore store;
  append(store, account, make_events(1, 300));
  ASSERT_TRUE(store->backup("copy.db"));
  ExtensionConnection db{store.disk(), SQLITE_OPEN_READONLY, "copy.db"};
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events WHERE category = 'account'"), "300");
}

TEST(EventsTable, CannotBeWrittenNorMade) {
  MemoryStore store;
  append(store, account, make_events(1, 1));
  ExtensionConnection db{store.disk(), SQLITE_OPEN_READWRITE};
  EXPECT_THAT(db.one("DELETE FROM cairn_events"), HasSubstr("may not be modified"));
  EXPECT_THAT(db.one("INSERT INTO cairn_events(type) VALUES ('x')"), HasSubstr("may not be modified"));
  EXPECT_THAT(db.one("CREATE VIRTUAL TABLE mine USING cairn_events"), HasSubstr("no such module"));
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events"), "1");
}

TEST(EventsTable, TwoCursorsOfOneStatementDoNotDisturbEachOther) {
  MemoryStore store;
  for (std::uint64_t i = 0; i < 300; ++i) {
    append(store, StreamId::parse("account-" + std::to_string(i % 7)).value(), {make_event(i)});
  }
  ExtensionConnection db{store.disk()};
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events a JOIN cairn_events b ON b.stream = a.stream "
                   "AND b.revision = a.revision + 1 WHERE b.position = a.position + 7"),
            "293");
}

TEST(EventsTable, AnInterruptedStatementEndsAndTheNextOneReads) {
  MemoryStore store;
  append(store, account, make_events(1, 2'000));
  ExtensionConnection db{store.disk()};
  sqlite3_progress_handler(
      db.get(), 500, [](void*) { return 1; }, nullptr);
  EXPECT_EQ(db.ask("SELECT count(*) FROM cairn_events").code, SQLITE_INTERRUPT);
  sqlite3_progress_handler(db.get(), 0, nullptr, nullptr);
  EXPECT_EQ(db.one("SELECT count(*) FROM cairn_events"), "2000");
}

}  // namespace
}  // namespace cairn::test
