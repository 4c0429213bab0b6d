#include <cairn/core/sql/memory_vfs.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/sql/vfs_connection.hpp"

namespace cairn {
namespace {

using test::make_store;
using test::VfsConnection;

TEST(MemoryVfs, WriteAheadLogIsSharedByTwoConnections) {
  const auto memory = MemoryVfs::create();
  VfsConnection writer{memory->name(), "store.db"};
  ASSERT_EQ(make_store(writer), SQLITE_OK);
  ASSERT_EQ(writer.exec("CREATE TABLE t(x); INSERT INTO t VALUES(1)"), SQLITE_OK);
  VfsConnection reader{memory->name(), "store.db"};

  EXPECT_EQ(reader.rows("PRAGMA journal_mode; SELECT x FROM t"), "wal\n1\n");
  ASSERT_EQ(writer.exec("INSERT INTO t VALUES(2)"), SQLITE_OK);
  EXPECT_EQ(reader.rows("SELECT x FROM t"), "1\n2\n");
}

TEST(MemoryVfs, ReadTransactionKeepsItsSnapshot) {
  const auto memory = MemoryVfs::create();
  VfsConnection writer{memory->name(), "store.db"};
  ASSERT_EQ(make_store(writer), SQLITE_OK);
  ASSERT_EQ(writer.exec("CREATE TABLE t(x); INSERT INTO t VALUES(1)"), SQLITE_OK);
  VfsConnection reader{memory->name(), "store.db"};
  ASSERT_EQ(reader.rows("BEGIN; SELECT count(*) FROM t"), "1\n");

  ASSERT_EQ(writer.exec("INSERT INTO t VALUES(2)"), SQLITE_OK);
  // The reader's mark keeps the checkpoint from going past it.
  EXPECT_EQ(writer.rows("PRAGMA wal_checkpoint(RESTART)").substr(0, 2), "1|");
  EXPECT_EQ(reader.rows("SELECT count(*) FROM t; COMMIT; SELECT count(*) FROM t"), "1\n2\n");
  EXPECT_EQ(writer.rows("PRAGMA wal_checkpoint(TRUNCATE)"), "0|0|0\n");
}

TEST(MemoryVfs, SecondWriterIsBusy) {
  const auto memory = MemoryVfs::create();
  VfsConnection first{memory->name(), "store.db"};
  ASSERT_EQ(make_store(first), SQLITE_OK);
  ASSERT_EQ(first.exec("CREATE TABLE t(x)"), SQLITE_OK);
  VfsConnection second{memory->name(), "store.db"};

  ASSERT_EQ(first.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES(1)"), SQLITE_OK);
  EXPECT_EQ(second.exec("BEGIN IMMEDIATE"), SQLITE_BUSY);
  ASSERT_EQ(first.exec("COMMIT"), SQLITE_OK);
  EXPECT_EQ(second.exec("BEGIN IMMEDIATE"), SQLITE_OK);
}

TEST(MemoryVfs, RollbackJournalLocksExcludeReadersAndWriters) {
  const auto memory = MemoryVfs::create();
  VfsConnection a{memory->name(), "old.db"};
  VfsConnection b{memory->name(), "old.db"};
  ASSERT_EQ(a.exec("CREATE TABLE t(x); INSERT INTO t VALUES(1)"), SQLITE_OK);

  ASSERT_EQ(b.rows("BEGIN; SELECT x FROM t"), "1\n");                        // b: SHARED
  ASSERT_EQ(a.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES(2)"), SQLITE_OK);  // a: RESERVED
  EXPECT_EQ(b.exec("INSERT INTO t VALUES(3)"), SQLITE_BUSY);
  EXPECT_EQ(a.exec("COMMIT"), SQLITE_BUSY);  // a: PENDING
  VfsConnection c{memory->name(), "old.db"};
  EXPECT_EQ(c.exec("SELECT x FROM t"), SQLITE_BUSY);  // no new readers now
  ASSERT_EQ(b.exec("COMMIT"), SQLITE_OK);
  EXPECT_EQ(a.exec("COMMIT"), SQLITE_OK);
  EXPECT_EQ(c.rows("SELECT x FROM t"), "1\n2\n");
  EXPECT_EQ(memory->files(), std::vector<std::string>{"old.db"});
}

TEST(MemoryVfs, InstancesDoNotSeeEachOther) {
  const auto one = MemoryVfs::create();
  const auto two = MemoryVfs::create();
  ASSERT_NE(one->name(), two->name());
  VfsConnection db{one->name(), "store.db"};
  ASSERT_EQ(db.exec("CREATE TABLE t(x)"), SQLITE_OK);
  EXPECT_EQ(one->files(), std::vector<std::string>{"store.db"});
  EXPECT_TRUE(two->files().empty());
}

TEST(MemoryVfs, MissingFileIsNotCreatedUnasked) {
  const auto memory = MemoryVfs::create();
  VfsConnection db{memory->name(), "store.db", SQLITE_OPEN_READWRITE};
  EXPECT_EQ(db.opened(), SQLITE_CANTOPEN);
  EXPECT_TRUE(memory->files().empty());
}

TEST(MemoryVfs, ReadOnlyConnectionCannotWrite) {
  const auto memory = MemoryVfs::create();
  VfsConnection writer{memory->name(), "store.db"};
  ASSERT_EQ(make_store(writer), SQLITE_OK);
  ASSERT_EQ(writer.exec("CREATE TABLE t(x); INSERT INTO t VALUES(1)"), SQLITE_OK);
  VfsConnection reader{memory->name(), "store.db", SQLITE_OPEN_READONLY};
  EXPECT_EQ(reader.rows("SELECT x FROM t"), "1\n");
  EXPECT_EQ(reader.exec("INSERT INTO t VALUES(2)") & 0xFF, SQLITE_READONLY);
}

/// What SQLite makes of the same statements on some VFS: every answer, and the file in the end.
std::pair<std::string, Bytes> life_on(const std::string& vfs, const std::string& file,
                                      const std::function<Bytes()>& content) {
  std::string answers;
  for (int opening = 0; opening < 3; ++opening) {
    VfsConnection db{vfs, file};
    VfsConnection other{vfs, file};
    answers += db.rows("PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL");
    answers +=
        db.rows("CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, x TEXT); CREATE INDEX IF NOT EXISTS i ON t(x)");
    for (int i = 0; i < 40; ++i) {
      answers += db.rows("INSERT INTO t(x) VALUES(printf('%.*c', " + std::to_string(i * 331) + ", 'x'))");
      answers += other.rows("SELECT count(*), sum(length(x)) FROM t");
      if (i % 10 == 9)
        answers += db.rows("DELETE FROM t WHERE id % 3 = 0; PRAGMA incremental_vacuum; PRAGMA wal_checkpoint");
      if (i != 15) continue;
      answers += db.rows("BEGIN; DELETE FROM t");
      answers += other.rows("BEGIN IMMEDIATE");
      answers += db.rows("ROLLBACK");
    }
    other.close();
    answers +=
        db.rows("PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA journal_mode=DELETE; DELETE FROM t WHERE id < 5");
  }
  return {answers, content()};
}

TEST(MemoryVfs, SqliteBehavesAsOnDisk) {
  const auto memory = MemoryVfs::create();
  const auto in_memory = life_on(memory->name(), "store.db", [&] { return memory->read_file("store.db").value(); });

  const std::string name = testing::TempDir() + "memory_vfs_test.db";
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(name + suffix);
  const auto on_disk = life_on(sqlite3_vfs_find(nullptr)->zName, name, [&] {
    std::ifstream in{name, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    return to_bytes(text);
  });
  std::filesystem::remove(name);

  EXPECT_EQ(in_memory.first, on_disk.first);
  EXPECT_NE(in_memory.first.find("error 5: database is locked"), std::string::npos);
  EXPECT_EQ(in_memory.first.find("error 1"), std::string::npos);
  EXPECT_TRUE(in_memory.second == on_disk.second);
  EXPECT_EQ(memory->files(), std::vector<std::string>{"store.db"});
}

TEST(MemoryVfs, FilesCanBeReadReplacedAndRemoved) {
  const auto memory = MemoryVfs::create();
  EXPECT_EQ(memory->read_file("a"), std::nullopt);
  memory->replace_file("a", as_bytes("longer content"));
  memory->replace_file("a", as_bytes("short"));
  EXPECT_EQ(memory->read_file("a"), to_bytes("short"));
  EXPECT_TRUE(memory->remove_file("a"));
  EXPECT_FALSE(memory->remove_file("a"));
  EXPECT_TRUE(memory->files().empty());
}

TEST(MemoryVfs, CloneIsIndependentAndHasWhatWasWritten) {
  const auto memory = MemoryVfs::create();
  VfsConnection db{memory->name(), "store.db"};
  ASSERT_EQ(make_store(db), SQLITE_OK);
  ASSERT_EQ(db.exec("CREATE TABLE t(x); INSERT INTO t VALUES(1); BEGIN; INSERT INTO t VALUES(2)"), SQLITE_OK);
  const auto copy = memory->clone();
  ASSERT_EQ(db.exec("COMMIT"), SQLITE_OK);
  VfsConnection in_copy{copy->name(), "store.db"};
  EXPECT_EQ(in_copy.rows("SELECT x FROM t"), "1\n");
  EXPECT_EQ(in_copy.exec("INSERT INTO t VALUES(3)"), SQLITE_OK);  // the lock of the open transaction is not copied
  EXPECT_EQ(db.rows("SELECT x FROM t"), "1\n2\n");
}

TEST(MemoryVfs, FullDiskRefusesWritesAndServesReadsUntilThereIsRoom) {
  const auto memory = MemoryVfs::create();
  VfsConnection db{memory->name(), "store.db"};
  ASSERT_EQ(make_store(db), SQLITE_OK);
  ASSERT_EQ(db.exec("CREATE TABLE t(x); INSERT INTO t VALUES(zeroblob(100000))"), SQLITE_OK);
  memory->set_capacity(200'000);
  EXPECT_EQ(db.exec("INSERT INTO t VALUES(zeroblob(100000))"), SQLITE_FULL);
  std::size_t used = 0;
  for (const std::string& name : memory->files()) used += memory->read_file(name).value().size();
  EXPECT_LE(used, 200'000U);
  EXPECT_EQ(db.rows("SELECT count(*) FROM t"), "1\n");
  memory->set_capacity(std::nullopt);
  EXPECT_EQ(db.exec("INSERT INTO t VALUES(zeroblob(100000))"), SQLITE_OK);
  EXPECT_EQ(db.rows("SELECT count(*) FROM t; PRAGMA integrity_check"), "2\nok\n");
}

TEST(MemoryVfs, RemovedFilesGiveTheirSpaceBack) {
  const auto memory = MemoryVfs::create();
  memory->set_capacity(100'000);
  memory->replace_file("old", Bytes(90'000));
  VfsConnection db{memory->name(), "store.db"};
  ASSERT_EQ(db.exec("PRAGMA page_size=512; CREATE TABLE t(x)"), SQLITE_OK);
  EXPECT_EQ(db.exec("INSERT INTO t VALUES(zeroblob(30000))"), SQLITE_FULL);
  memory->remove_file("old");
  EXPECT_EQ(db.exec("INSERT INTO t VALUES(zeroblob(30000))"), SQLITE_OK);
}

TEST(MemoryVfs, HookSeesEveryCallInOrder) {
  const auto memory = MemoryVfs::create();
  std::vector<std::uint64_t> numbers;
  std::set<IoOp> ops;
  std::uint64_t wal_bytes = 0;
  memory->on_call([&](const IoCall& call) {
    numbers.push_back(call.number);
    ops.insert(call.op);
    if (call.file == FileKind::wal && call.op == IoOp::write) wal_bytes += call.size;
  });
  {
    VfsConnection db{memory->name(), "store.db"};
    ASSERT_EQ(make_store(db), SQLITE_OK);
    ASSERT_EQ(db.exec("CREATE TABLE t(x); PRAGMA wal_checkpoint(TRUNCATE)"), SQLITE_OK);
  }
  std::vector<std::uint64_t> expected(memory->calls());
  std::iota(expected.begin(), expected.end(), std::uint64_t{1});
  EXPECT_EQ(numbers, expected);
  EXPECT_EQ(ops, (std::set<IoOp>{IoOp::open, IoOp::read, IoOp::write, IoOp::truncate, IoOp::sync, IoOp::remove,
                                 IoOp::access, IoOp::map_shared}));
  EXPECT_GT(wal_bytes, 8192U);
}

TEST(MemoryVfs, HookThatThrowsFailsTheCall) {
  const auto memory = MemoryVfs::create();
  VfsConnection db{memory->name(), "store.db"};
  ASSERT_EQ(make_store(db), SQLITE_OK);
  memory->on_call([](const IoCall& call) {
    if (call.op == IoOp::sync) throw std::runtime_error{"no"};
  });
  EXPECT_EQ(db.exec("CREATE TABLE t(x)"), SQLITE_IOERR_FSYNC);
  memory->on_call({});
  EXPECT_EQ(db.exec("CREATE TABLE t(x)"), SQLITE_OK);
}

}  // namespace
}  // namespace cairn
