#include <cairn/core/sql/memory_vfs.hpp>

#include <filesystem>
#include <string>

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

  ASSERT_EQ(b.rows("BEGIN; SELECT x FROM t"), "1\n");              // b: SHARED
  ASSERT_EQ(a.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES(2)"), SQLITE_OK);  // a: RESERVED
  EXPECT_EQ(b.exec("INSERT INTO t VALUES(3)"), SQLITE_BUSY);
  EXPECT_EQ(a.exec("COMMIT"), SQLITE_BUSY);                        // a: PENDING
  VfsConnection c{memory->name(), "old.db"};
  EXPECT_EQ(c.exec("SELECT x FROM t"), SQLITE_BUSY);               // no new readers now
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

}  // namespace
}  // namespace cairn
