#include <cairn/core/sql/database.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/sql/memory_vfs.hpp>

#include "core/sql/sql_test_store.hpp"
#include "support/scratch_folder.hpp"

namespace cairn {
namespace {

using testing::ElementsAre;

class Recovery : public testing::Test {
 protected:
  void SetUp() override { test::must_exec(*db, {"CREATE TABLE t(a INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1)"}); }
  DatabaseOptions options() {
    DatabaseOptions options = test::stepped_in(*memory);
    options.checkpoint_pages = 50;
    return options;
  }
  Result<std::int64_t> insert(int key) {
    return db->write([&](Unit& unit) { return unit.exec("INSERT INTO t VALUES ($1)", {key}); });
  }
  std::vector<std::string> rows() { return test::rows(*db, "SELECT a FROM t ORDER BY a"); }
  void fail_sync(FileKind file) { memory->inject({.kind = FaultKind::io_error, .only = IoOp::sync, .file = file}); }

  std::unique_ptr<MemoryVfs> memory = MemoryVfs::create({.track_durability = true});
  std::unique_ptr<Database> db = test::open_store(options());
};

TEST_F(Recovery, FailedSyncInCommitFencesReadsGoOnAndTheOutcomeIsFoundByLooking) {
  fail_sync(FileKind::wal);
  EXPECT_EQ(test::code_of(insert(2)), Errc::outcome_unknown);
  EXPECT_TRUE(db->fenced());
  EXPECT_EQ(test::code_of(insert(3)), Errc::fenced);
  EXPECT_THAT(rows(), ElementsAre("1"));
  const std::uint64_t epoch = db->epoch();

  ASSERT_TRUE(db->recover());
  EXPECT_FALSE(db->fenced());
  EXPECT_EQ(db->epoch(), epoch + 1);
  // The commit was in the log: the same call again says so.
  EXPECT_EQ(test::code_of(insert(2)), Errc::already_exists);
  EXPECT_EQ(test::code_of(insert(3)), std::nullopt);
  EXPECT_THAT(rows(), ElementsAre("1", "2", "3"));

  // And what it was found to be does not change with a power loss: recovery synced it anew.
  db = nullptr;
  memory = memory->crash({.unsynced = CrashDamage::Unsynced::nothing});
  db = test::open_store(options());
  EXPECT_THAT(rows(), ElementsAre("1", "2", "3"));
}

// What a failed sync lost is still there for whoever reads, but not on the disk. If it were only copied into the file,
// a power loss could bring back a log that ends before it, whose older pages then stand over the newer file.
TEST_F(Recovery, IsNotUndoneByAPowerLossRightAfterIt) {
  using Unsynced = CrashDamage::Unsynced;
  constexpr std::string_view everything = "SELECT a || ' ' || hex(b) FROM t ORDER BY a";
  for (const bool in_place : {true, false}) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      db.reset();
      memory = MemoryVfs::create({.track_durability = true});
      db = test::open_store(options());
      test::must_exec(*db,
                      {"CREATE TABLE t(a INTEGER PRIMARY KEY, b)",
                       "INSERT INTO t SELECT value, zeroblob(500) FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION "
                       "ALL SELECT value + 1 FROM n WHERE value < 200) SELECT value FROM n)"});
      for (std::uint64_t i = 0; i < seed % 7; ++i)
        test::must_exec(*db, {"UPDATE t SET b = randomblob(500) WHERE a % 3 = 0"});
      fail_sync(FileKind::wal);
      auto lost = db->write([](Unit& unit) { return unit.exec("DELETE FROM t WHERE a % 2 = 0"); });
      ASSERT_EQ(test::code_of(lost), Errc::outcome_unknown);
      if (in_place) {
        ASSERT_TRUE(db->recover());
      } else {
        db.reset();  // fenced, so it closes as it would die
        db = test::open_store(options());
      }
      const auto found = test::rows(*db, everything);
      auto image = memory->crash({.seed = seed, .unsynced = seed % 4 == 0 ? Unsynced::nothing : Unsynced::random});
      db.reset();
      memory = std::move(image);
      auto opened = Database::open(options());
      ASSERT_TRUE(opened) << "seed " << seed << ": " << opened.error().to_string();
      db = *std::move(opened);
      ASSERT_EQ(test::rows(*db, everything), found)
          << (in_place ? "recovered in place" : "opened again") << ", seed " << seed;
    }
  }
}

TEST_F(Recovery, FailedSyncInACheckpointFencesTooAndLosesNothing) {
  ASSERT_TRUE(insert(2));
  fail_sync(FileKind::main);
  // Large enough for a checkpoint after its commit; the unit itself is durable in the log.
  ASSERT_TRUE(db->write([](Unit& unit) { return unit.exec("CREATE TABLE bulk AS SELECT zeroblob(900000) AS b"); }));
  EXPECT_TRUE(db->fenced());
  EXPECT_EQ(test::code_of(insert(3)), Errc::fenced);
  ASSERT_TRUE(db->recover());
  ASSERT_TRUE(insert(3));

  memory = [&] {
    auto image = memory->crash({.unsynced = CrashDamage::Unsynced::nothing});
    db.reset();
    return image;
  }();
  db = test::open_store(options());
  EXPECT_THAT(rows(), ElementsAre("1", "2", "3"));
  EXPECT_THAT(test::rows(*db, "SELECT length(b) FROM bulk"), ElementsAre("900000"));
}

TEST_F(Recovery, StaysFencedUntilItSucceeds) {
  fail_sync(FileKind::wal);
  EXPECT_EQ(test::code_of(insert(2)), Errc::outcome_unknown);
  memory->inject({.kind = FaultKind::io_error, .only = IoOp::open, .sticky = true});
  EXPECT_EQ(test::code_of(db->recover()), Errc::unavailable);
  EXPECT_TRUE(db->fenced());
  EXPECT_EQ(test::code_of(insert(3)), Errc::fenced);
  memory->inject({.kind = FaultKind::io_error, .only = IoOp::sync, .file = FileKind::main, .sticky = true});
  EXPECT_FALSE(db->recover());
  EXPECT_TRUE(db->fenced());
  memory->clear_faults();
  EXPECT_THAT(rows().front(), "1") << "reads go on between the attempts";
  ASSERT_TRUE(db->recover());
  ASSERT_TRUE(insert(3));
}

TEST_F(Recovery, WaitsForNoReadOfItsOwnThread) {
  fail_sync(FileKind::wal);
  EXPECT_EQ(test::code_of(insert(2)), Errc::outcome_unknown);
  {
    auto tx = db->read();
    ASSERT_TRUE(tx);
    EXPECT_EQ(test::code_of(db->recover()), Errc::timeout);
    EXPECT_TRUE(db->fenced());
    EXPECT_EQ(tx->first<int>("SELECT count(*) FROM t", {}).value(), 1);
  }
  EXPECT_TRUE(db->recover());
}

TEST_F(Recovery, QueuedUnitsAreFailedAsKnownNotDone) {
  test::ScriptedUnit waiting{"INSERT INTO t VALUES (2)"};
  ASSERT_TRUE(db->submit(waiting));
  ASSERT_TRUE(db->recover());
  ASSERT_TRUE(waiting.outcome.has_value());
  EXPECT_EQ(test::code_of(*waiting.outcome), Errc::unavailable);
  EXPECT_EQ(waiting.runs, 0);
  EXPECT_THAT(rows(), ElementsAre("1"));
}

TEST_F(Recovery, OfAHealthyDatabaseChangesNothingButTheEpoch) {
  ASSERT_TRUE(insert(2));
  ASSERT_TRUE(db->recover());
  EXPECT_THAT(rows(), ElementsAre("1", "2"));
  EXPECT_EQ(db->epoch(), 2U);
}

TEST_F(Recovery, OfAFileThatIsGoneDoesNotMakeANewOne) {
  memory->remove_file("store.db");
  EXPECT_EQ(test::code_of(db->recover()), Errc::unavailable);
  EXPECT_TRUE(db->fenced());
  EXPECT_FALSE(memory->read_file("store.db").has_value());
}

TEST_F(Recovery, CloseOfAFencedDatabaseLeavesTheLogForTheNextOpen) {
  fail_sync(FileKind::wal);
  EXPECT_EQ(test::code_of(insert(2)), Errc::outcome_unknown);
  ASSERT_TRUE(db->close());
  db = test::open_store(options());
  EXPECT_THAT(rows(), ElementsAre("1", "2"));
}

TEST_F(Recovery, DiskFullRefusesWritesReadsGoOnAndRoomBringsWritesBack) {
  std::uint64_t used = 0;
  for (const std::string& file : memory->files()) used += memory->read_file(file)->size();
  memory->set_capacity(used + 20'000);
  const auto fill = [&] {
    return db->write([](Unit& unit) { return unit.exec("INSERT INTO bulk VALUES (randomblob(50000))"); });
  };
  memory->set_capacity(std::nullopt);
  test::must_exec(*db, {"CREATE TABLE bulk(b)"});
  memory->set_capacity(used + 60'000);
  std::optional<Errc> refused;
  int filled = 0;
  while (!(refused = test::code_of(fill()))) ASSERT_LT(++filled, 100);
  EXPECT_EQ(refused, Errc::storage_full);
  EXPECT_FALSE(db->fenced());
  EXPECT_EQ(test::code_of(fill()), Errc::storage_full);
  EXPECT_THAT(rows(), ElementsAre("1"));
  EXPECT_THAT(test::rows(*db, "SELECT count(*) FROM bulk"), ElementsAre(std::to_string(filled)));

  memory->set_capacity(std::nullopt);
  ASSERT_TRUE(fill());
  db.reset();
  db = test::open_store(options());
  EXPECT_THAT(test::rows(*db, "SELECT count(*) FROM bulk"), ElementsAre(std::to_string(filled + 1)));
}

// On a disk, whose file system takes less at a time than the one in memory did: a log of any size is written again.
TEST(RecoveryOnDisk, TakesALogOfAnySizeInPlaceAndFromALostProcess) {
  for (const int rows : {1, 12, 14, 20, 40, 100}) {
    SCOPED_TRACE(rows);
    const test::ScratchFolder folder;
    const DatabaseOptions options{.file = folder / "store.db", .writer = WriterMode::stepped};
    const auto db = test::open_store(options);
    test::must_exec(*db, {"CREATE TABLE t(a INTEGER PRIMARY KEY, b)"});
    for (int row = 0; row < rows; ++row) test::must_exec(*db, {"INSERT INTO t(b) VALUES (zeroblob(8000))"});

    // What a process that is killed leaves.
    const test::ScratchFolder elsewhere;
    for (const char* name : {"store.db", "store.db-wal"}) std::filesystem::copy_file(folder / name, elsewhere / name);
    const auto after_kill = test::open_store({.file = elsewhere / "store.db", .writer = WriterMode::stepped});
    test::must_exec(*after_kill, {"INSERT INTO t(b) VALUES (1)"});
    EXPECT_THAT(test::rows(*after_kill, "SELECT count(*) FROM t"), ElementsAre(std::to_string(rows + 1)));

    const auto recovered = db->recover();
    ASSERT_TRUE(recovered) << recovered.error().to_string();
    test::must_exec(*db, {"INSERT INTO t(b) VALUES (1)"});
    EXPECT_THAT(test::rows(*db, "SELECT count(*) FROM t"), ElementsAre(std::to_string(rows + 1)));
  }
}

}  // namespace
}  // namespace cairn
