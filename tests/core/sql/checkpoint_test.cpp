#include "sql/checkpointer.hpp"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "core/sql/sql_test_store.hpp"

namespace cairn {
namespace {

using testing::ElementsAre;

class Checkpoint : public testing::Test {
 protected:
  void open(std::size_t pages, std::size_t wal_pages_max) {
    DatabaseOptions options = test::stepped_in(*memory);
    options.checkpoint_pages = pages;
    options.wal_bytes_max = wal_pages_max * 8192;
    db = test::open_store(options);
    test::must_exec(*db, {"CREATE TABLE t(b)"});
  }
  void write(int units) {
    for (int i = 0; i < units; ++i) test::must_exec(*db, {"INSERT INTO t VALUES (randomblob(20000))"});
  }

  std::unique_ptr<MemoryVfs> memory = MemoryVfs::create();
  std::unique_ptr<Database> db;
};

TEST_F(Checkpoint, KeepsTheLogNearItsSize) {
  open(20, 1000);
  write(200);
  EXPECT_GT(db->statistics().checkpoints, 10U);
  EXPECT_LT(db->statistics().wal_bytes_peak, 40U * 8192);
}

TEST_F(Checkpoint, IsNotMadeBeforeItIsWorthIt) {
  open(1000, 10'000);
  write(20);
  EXPECT_EQ(db->statistics().checkpoints, 0U);
}

TEST_F(Checkpoint, IsMadeWhenIdle) {
  open(100, 1000);
  write(10);
  EXPECT_EQ(db->statistics().checkpoints, 0U);
  EXPECT_EQ(db->step(1).value(), false);
  EXPECT_EQ(db->statistics().checkpoints, 1U);
  EXPECT_EQ(db->step(1).value(), false);
  EXPECT_EQ(db->statistics().checkpoints, 1U) << "and not again while nothing happens";
}

TEST_F(Checkpoint, IsHeldBackByAReaderAndGoesOnAfterIt) {
  open(20, 60);
  {
    auto tx = db->read();
    ASSERT_TRUE(tx);
    ASSERT_EQ(tx->first<int>("SELECT count(*) FROM t", {}).value(), 0);
    write(100);
    EXPECT_GT(db->statistics().wal_bytes, 100U * 3 * 8192) << "the log cannot start over";
    EXPECT_EQ(tx->first<int>("SELECT count(*) FROM t", {}).value(), 0);
  }
  write(20);
  EXPECT_LT(db->statistics().wal_bytes, 60U * 8192);
  EXPECT_THAT(test::rows(*db, "SELECT count(*) FROM t"), ElementsAre("120"));
}

TEST_F(Checkpoint, ThatFailsIsTriedAgainAndHurtsNobody) {
  open(20, 1000);
  memory->inject({.kind = FaultKind::disk_full, .only = IoOp::write, .file = FileKind::main, .sticky = true});
  write(60);
  EXPECT_FALSE(db->fenced());
  EXPECT_EQ(db->statistics().checkpoints, 0U);
  memory->clear_faults();
  write(20);
  EXPECT_GT(db->statistics().checkpoints, 0U);
  db.reset();
  db = test::open_store(test::stepped_in(*memory));
  EXPECT_THAT(test::rows(*db, "SELECT count(*) FROM t"), ElementsAre("80"));
}

TEST_F(Checkpoint, CloseLeavesOneFile) {
  open(1000, 1000);
  write(3);
  ASSERT_TRUE(db->close());
  EXPECT_THAT(memory->files(), ElementsAre("store.db"));
  EXPECT_TRUE(db->close()) << "again is the same";
}

}  // namespace
}  // namespace cairn
