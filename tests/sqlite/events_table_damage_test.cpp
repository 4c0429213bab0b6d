// What table cairn_events says of stores that are damaged, newer, or none. SQL without the library's page checksums
// makes the damage, as a foreign program would read it.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/random.hpp>

#include "sqlite/extension_connection.hpp"
#include "support/memory_store.hpp"
#include "support/seed.hpp"

namespace cairn::test {
namespace {

using testing::HasSubstr;

/// A closed store of 600 events in three streams: two chunks, a tail, all indexed; and a way to change it.
class DamagedEventsTable : public testing::Test {
 protected:
  DamagedEventsTable() {
    MemoryStore store{{.pending_events_max = 16, .pending_events_min = 16}};
    for (std::uint64_t i = 0; i < 60; ++i) {
      std::vector<NewEvent> events = make_events(i * 10, 10);
      if (i == 10) events[5].data = Bytes(50'000, std::byte{'x'});
      const auto stream = StreamId::parse("account-" + std::to_string(i % 3)).value();
      EXPECT_TRUE(store->append(stream, ExpectedRevision::any(), events));
    }
    store.settle();
    store.reopen();
    disk = store.disk().clone();
    db = std::make_unique<ExtensionConnection>(*disk, SQLITE_OPEN_READWRITE);
    all = db->ask("SELECT * FROM cairn_events").rows;
    EXPECT_EQ(all.size(), 600U);
    EXPECT_NE(db->one("SELECT count(*) FROM stream_index"), "0") << "the index is not in its table";
  }

  /// Changes the store and gives what an answer is then.
  ExtensionConnection::Answer after(const std::string& change, const std::string& question) {
    EXPECT_EQ(db->one(change), "no row");
    return db->ask(question);
  }

  std::unique_ptr<MemoryVfs> disk;
  std::unique_ptr<ExtensionConnection> db;
  std::vector<std::string> all;
};

TEST_F(DamagedEventsTable, AChangedByteOfAChunkIsAnErrorThatNamesItAndNeverAWrongRow) {
  const auto size = std::stoul(db->one("SELECT length(body) FROM chunk WHERE number = 1"));
  SeededRandom random{1};
  for (int round = 0; round < 200; ++round) {
    const auto at = random.below(size) + 1;
    SCOPED_TRACE(fmt::format("byte {}", at));
    ASSERT_EQ(db->one("SAVEPOINT sound"), "no row");
    const std::string sound = db->one(fmt::format("SELECT hex(substr(body, {}, 1)) FROM chunk WHERE number = 1", at));
    const auto changed = std::stoul(sound, nullptr, 16) ^ (1U << random.below(8));
    ASSERT_EQ(db->one(fmt::format("UPDATE chunk SET body = CAST(substr(body, 1, {0} - 1) || x'{1:02x}' || "
                                  "substr(body, {0} + 1) AS BLOB) WHERE number = 1",
                                  at, changed)),
              "no row");
    const auto scan = db->ask("SELECT * FROM cairn_events");
    EXPECT_EQ(scan.code, SQLITE_CORRUPT);
    EXPECT_THAT(scan.error, testing::AnyOf(HasSubstr("chunk 1"), HasSubstr("event 2"), HasSubstr("event 3"),
                                           HasSubstr("event 4"), HasSubstr("event 5")));
    EXPECT_THAT(std::vector(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(scan.rows.size())), scan.rows);
    const auto position = 257 + random.below(256);
    const auto one = db->ask("SELECT * FROM cairn_events WHERE position = " + std::to_string(position));
    if (one.code == SQLITE_OK) {
      EXPECT_THAT(one.rows, testing::ElementsAre(all[position - 1]));
    } else {
      EXPECT_THAT(one.error, HasSubstr(std::to_string(position)));
    }
    EXPECT_EQ(db->one("SELECT count(*) FROM cairn_events WHERE position <= 256"), "256");
    EXPECT_EQ(db->one("SELECT count(*) FROM cairn_events WHERE position > 512"), "88");
    ASSERT_EQ(db->one("ROLLBACK TO sound"), "no row");
    ASSERT_EQ(db->one("RELEASE sound"), "no row");
  }
}

TEST_F(DamagedEventsTable, EachKindOfDamageIsNamed) {
  struct Case {
    const char* change;
    const char* question;
    const char* error;
  };
  for (const Case& one : {
           Case{"DELETE FROM chunk WHERE number = 0", "SELECT count(*) FROM cairn_events",
                "chunk 0 (positions 1 to 256) is missing"},
           Case{"DELETE FROM chunk WHERE number = 1", "SELECT * FROM cairn_events", "tail row 513 does not follow"},
           Case{"UPDATE chunk SET body = x'00' WHERE number = 0", "SELECT * FROM cairn_events WHERE position = 9",
                "chunk 0"},
           Case{"UPDATE tail SET body = zeroblob(200)", "SELECT * FROM cairn_events", "tail row"},
           Case{"DELETE FROM payload", "SELECT sum(length(data)) FROM cairn_events",
                "payload of position 106 is missing"},
           Case{"UPDATE payload SET body = zeroblob(50000)", "SELECT data FROM cairn_events WHERE position = 106",
                "payload of position 106 has checksum"},
           Case{"DELETE FROM event_type", "SELECT type FROM cairn_events", "event type 1 is not in the table"},
           Case{"UPDATE stream_index SET positions = (SELECT positions FROM stream_index WHERE stream = 2) WHERE "
                "stream = 1",
                "SELECT * FROM cairn_events WHERE stream = 'account-0'",
                "stream account-0: the index has position 11 for revision 0, which holds account-1 revision 0"},
           Case{"UPDATE stream_index SET positions = x'80'", "SELECT * FROM cairn_events WHERE stream = 'account-0'",
                "the index of stream account-0: index row: the delta at byte 0 is truncated"},
           Case{"UPDATE posting SET more = x'00'", "SELECT * FROM cairn_events WHERE type = 'account.deposited'",
                "the index of type account.deposited: index row: the delta at byte 0 does not ascend"},
           Case{"UPDATE store SET value = 5000 WHERE key = 'indexed_through'", "SELECT * FROM cairn_events",
                "indexed through 5000, but the log ends at 600"},
           Case{"UPDATE store SET value = 2 WHERE key = 'format'", "SELECT * FROM cairn_events",
                "the log's format 2 is newer than 1, the newest this extension reads"},
           Case{"PRAGMA user_version = 2", "SELECT * FROM cairn_events", "the file's format 2 is newer than 1"},
           Case{"INSERT INTO schema_migration SELECT component, 99, name, checksum, applied_at FROM schema_migration "
                "WHERE component = 'eventstore' LIMIT 1",
                "SELECT * FROM cairn_events", "the log's schema 99 is newer than"},
           Case{"PRAGMA application_id = 7", "SELECT * FROM cairn_events", "the main database is not a Cairn store"},
           Case{"DROP TABLE posting", "SELECT * FROM cairn_events WHERE type = 'account.deposited'",
                "no such table: posting"},
       }) {
    SCOPED_TRACE(one.change);
    ASSERT_EQ(db->one("SAVEPOINT sound"), "no row");
    const auto answer = after(one.change, one.question);
    EXPECT_NE(answer.code, SQLITE_OK);
    EXPECT_THAT(answer.error, HasSubstr(one.error));
    ASSERT_EQ(db->one("ROLLBACK TO sound"), "no row");
    ASSERT_EQ(db->one("RELEASE sound"), "no row");
    EXPECT_EQ(db->ask("SELECT * FROM cairn_events").rows, all);
  }
}

TEST_F(DamagedEventsTable, AMissingPayloadIsNoMatterToWhoDoesNotAskForData) {
  EXPECT_EQ(after("DELETE FROM payload", "SELECT position, type FROM cairn_events").rows.size(), 600U);
}

TEST_F(DamagedEventsTable, IndexRowsAheadOfTheMarkGiveNoEventTwice) {
  for (const char* indexed : {"0", "1", "300", "599"}) {
    ASSERT_EQ(db->one(std::string{"UPDATE store SET value = "} + indexed + " WHERE key = 'indexed_through'"), "no row");
    for (const char* order : {"position", "position DESC"}) {
      SCOPED_TRACE(std::string{"indexed through "} + indexed + ", by " + order);
      const auto count = [&](const std::string& condition) {
        return db->ask("SELECT position FROM cairn_events WHERE " + condition + " ORDER BY " + order).rows.size();
      };
      EXPECT_EQ(count("stream = 'account-0'"), 200U);
      EXPECT_EQ(count("type = 'account.deposited'"), 600U);
      EXPECT_EQ(count("category = 'account' AND position > 100"), 500U);
    }
  }
}

TEST_F(DamagedEventsTable, ATemporaryTableOfTheSameNameIsAnErrorAndNoOtherLog) {
  EXPECT_THAT(after("CREATE TEMP TABLE Tail AS SELECT 1 AS first, x'00' AS body", "SELECT * FROM cairn_events").error,
              HasSubstr("temp.Tail hides the store's table of that name"));
  EXPECT_EQ(after("DROP TABLE temp.Tail", "SELECT * FROM cairn_events").rows, all);
}

TEST(EventsTableWithoutAStore, SaysSo) {
  const auto disk = MemoryVfs::create();
  ExtensionConnection db{*disk, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "other.db"};
  EXPECT_THAT(db.one("SELECT * FROM cairn_events"), HasSubstr("cairn_events: the main database is not a Cairn store"));
}

}  // namespace
}  // namespace cairn::test
