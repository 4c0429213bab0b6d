#include <cairn/core/sql/memory_vfs.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/sql/vfs_connection.hpp"

namespace cairn {
namespace {

using test::make_store;
using test::VfsConnection;

// A writer meets SQLITE_BUSY for another's sake, or a reader's: one that catches the log's index half written takes the
// writer's lock for a moment, to look again.
int begin_writing(VfsConnection& db) {
  int code = SQLITE_BUSY;
  while ((code = db.exec("BEGIN IMMEDIATE")) == SQLITE_BUSY) std::this_thread::yield();
  return code;
}

TEST(MemoryVfsConcurrent, ReadersSeeWholeTransactionsWhileOneWritesAndCheckpoints) {
  constexpr int transfers = 400;
  const auto memory = MemoryVfs::create();
  VfsConnection writer{memory->name(), "store.db"};
  ASSERT_EQ(make_store(writer), SQLITE_OK);
  ASSERT_EQ(writer.exec("CREATE TABLE account(id INTEGER PRIMARY KEY, cents INTEGER, filler BLOB);"
                        "INSERT INTO account VALUES(1, 100000, zeroblob(9000)), (2, 0, zeroblob(9000))"),
            SQLITE_OK);
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  const auto read = [&] {
    VfsConnection reader{memory->name(), "store.db"};
    int rounds = 0;
    while (!done || rounds++ == 0) {
      // SQLITE_BUSY is a right answer: the log restarts below a reader that is about to start.
      const auto [code, rows] = reader.query("SELECT sum(cents) FROM account");
      if (code != SQLITE_BUSY && (code != SQLITE_OK || rows != "100000\n")) ++wrong;
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back(read);
  for (int i = 1; i <= transfers; ++i) {
    EXPECT_EQ(begin_writing(writer), SQLITE_OK);
    EXPECT_EQ(writer.exec("UPDATE account SET cents = cents - 1 WHERE id = 1;"
                          "UPDATE account SET cents = cents + 1 WHERE id = 2; COMMIT"),
              SQLITE_OK);
    if (i % 20 == 0) writer.exec(i % 40 == 0 ? "PRAGMA wal_checkpoint(RESTART)" : "PRAGMA wal_checkpoint(PASSIVE)");
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(writer.rows("SELECT cents FROM account; PRAGMA integrity_check"), "99600\n400\nok\n");
}

TEST(MemoryVfsConcurrent, WritersTakeTurnsAndLoseNothing) {
  constexpr int each = 100;
  const auto memory = MemoryVfs::create();
  VfsConnection first{memory->name(), "store.db"};
  ASSERT_EQ(make_store(first), SQLITE_OK);
  ASSERT_EQ(first.exec("CREATE TABLE counter(n INTEGER); INSERT INTO counter VALUES(0)"), SQLITE_OK);
  std::atomic<int> failed{0};
  const auto count = [&] {
    VfsConnection db{memory->name(), "store.db"};
    db.exec("PRAGMA wal_autocheckpoint=0");
    for (int i = 0; i < each; ++i) {
      if (begin_writing(db) != SQLITE_OK || db.exec("UPDATE counter SET n = n + 1; COMMIT") != SQLITE_OK) ++failed;
    }
  };
  std::vector<std::thread> writers;
  for (int i = 0; i < 3; ++i) writers.emplace_back(count);
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(first.rows("SELECT n FROM counter; PRAGMA integrity_check"), "300\nok\n");
}

TEST(MemoryVfsConcurrent, CrashImagesTakenDuringWritesAreSound) {
  const auto memory = MemoryVfs::create({.track_durability = true});
  VfsConnection db{memory->name(), "store.db"};
  ASSERT_EQ(make_store(db), SQLITE_OK);
  ASSERT_EQ(db.exec("CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER, x BLOB); INSERT INTO t VALUES(0, 0, 0)"),
            SQLITE_OK);
  std::atomic<bool> done{false};
  std::atomic<int> acknowledged{0};
  std::thread writer{[&] {
    for (int i = 1; !done; ++i) {
      const std::string values = std::to_string(i % 20) + ", " + std::to_string(i) + ", zeroblob(5000)";
      if (db.exec("REPLACE INTO t VALUES(" + values + ")") == SQLITE_OK) acknowledged = i;
      if (i % 7 == 0) db.exec("PRAGMA wal_checkpoint(PASSIVE)");  // alone, so the log starts again after it
    }
  }};
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const int before = acknowledged;
    const auto image = memory->crash({.seed = seed});
    VfsConnection after{image->name(), "store.db"};
    EXPECT_EQ(after.rows("PRAGMA integrity_check"), "ok\n");
    EXPECT_GE(std::stoi(after.rows("SELECT max(n) FROM t")), before);
  }
  done = true;
  writer.join();
}

}  // namespace
}  // namespace cairn
