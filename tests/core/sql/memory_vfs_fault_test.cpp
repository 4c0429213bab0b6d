#include <cairn/core/sql/memory_vfs.hpp>

#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "core/sql/vfs_connection.hpp"
#include "core/sql/vfs_workload.hpp"
#include "sql/checksum_vfs.hpp"
#include "support/seed.hpp"

namespace cairn {
namespace {

using test::make_store;
using test::VfsConnection;
using test::VfsWorkload;

struct FaultCase {
  std::string name;
  FaultPlan plan;
};
void PrintTo(const FaultCase& fault, std::ostream* out) { *out << fault.name; }

class FaultSweep : public testing::TestWithParam<FaultCase> {
 protected:
  static constexpr std::uint64_t calls_max = 2000;  // a workload has about 300

  /// Runs `workload`, which lives on `memory`, under `plan`; returns whether the fault came to pass.
  static bool survives(const FaultPlan& plan, MemoryVfs& memory, VfsWorkload workload, int rows) {
    const auto checksums = ChecksumVfs::create(memory.name().c_str());
    workload = workload.moved_to(checksums->name());
    const std::size_t before = workload.acknowledged().size();
    memory.inject(plan);
    workload.run(rows);
    const bool fired = memory.faults_fired() > 0;
    memory.clear_faults();

    EXPECT_EQ(workload.wrong_answers(), "");
    EXPECT_EQ(check(workload, *memory.clone()), "") << "after kill -9";
    for (const std::uint64_t seed : test::seeds(1)) {
      EXPECT_EQ(check(workload, *memory.crash({.seed = seed})), "") << "after a power loss, " << test::seed_note(seed);
    }
    if (!fired) {
      EXPECT_EQ(workload.acknowledged().size(), before + static_cast<std::size_t>(rows));
    }
    return fired;
  }

  /// A store whose process died with everything still in the write-ahead log, so that the next one has to recover.
  static std::pair<std::unique_ptr<MemoryVfs>, VfsWorkload> killed() {
    const auto memory = MemoryVfs::create({.track_durability = true});
    const auto checksums = ChecksumVfs::create(memory->name().c_str());
    VfsWorkload workload{checksums->name()};
    std::unique_ptr<MemoryVfs> left;
    std::size_t acknowledged = 0;
    memory->on_call([&](const IoCall&) {
      if (workload.acknowledged().size() == acknowledged) return;
      acknowledged = workload.acknowledged().size();
      if (acknowledged == 2) left = memory->clone();
    });
    workload.run(2);
    return {std::move(left), std::move(workload)};
  }

  template <class Run>
  static void sweep(FaultPlan plan, Run&& run) {
    bool fired = true;
    for (plan.at_call = 1; fired && plan.at_call < calls_max; ++plan.at_call) {
      SCOPED_TRACE("fault at call " + std::to_string(plan.at_call));
      fired = run(plan);
      if (HasFailure()) break;
    }
    EXPECT_FALSE(fired);
    EXPECT_GT(plan.at_call, 5U);
  }

  static std::string check(const VfsWorkload& workload, const MemoryVfs& image) {
    const auto checksums = ChecksumVfs::create(image.name().c_str());
    return workload.check(checksums->name());
  }
};

TEST_P(FaultSweep, NoAcknowledgedRowIsLostAndNoAnswerIsWrong) {
  sweep(GetParam().plan, [](const FaultPlan& plan) {
    const auto memory = MemoryVfs::create({.track_durability = true});
    return survives(plan, *memory, VfsWorkload{memory->name()}, 4);
  });
}

TEST_P(FaultSweep, NoAcknowledgedRowIsLostInRecovery) {
  const auto [left, workload] = killed();
  ASSERT_TRUE(left);
  ASSERT_GT(left->read_file("store.db-wal").value().size(), 20'000U);
  sweep(GetParam().plan, [&](const FaultPlan& plan) {
    const auto memory = left->clone();
    return survives(plan, *memory, workload, 2);
  });
}

/// One connection to a store with table t, on a VFS that knows what was synced.
class Fault : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(make_store(db), SQLITE_OK);
    ASSERT_EQ(db.exec("CREATE TABLE t(x)"), SQLITE_OK);
  }

  /// The rows after a power loss that takes whatever it may take.
  std::string rows_after_power_loss() {
    const auto image = memory->crash({.unsynced = CrashDamage::Unsynced::nothing});
    return VfsConnection{image->name(), "store.db"}.rows("SELECT x FROM t");
  }

  std::unique_ptr<MemoryVfs> memory = MemoryVfs::create({.track_durability = true});
  VfsConnection db{memory->name(), "store.db"};
};

TEST_F(Fault, FiresAtItsCallOnly) {
  memory->inject({.at_call = 2, .only = IoOp::sync});
  EXPECT_EQ(db.exec("INSERT INTO t VALUES(1)"), SQLITE_OK);
  EXPECT_EQ(memory->faults_fired(), 0U);
  EXPECT_EQ(db.exec("INSERT INTO t VALUES(2)"), SQLITE_IOERR_FSYNC);
  EXPECT_EQ(db.exec("INSERT INTO t VALUES(3)"), SQLITE_OK);
  EXPECT_EQ(memory->faults_fired(), 1U);
}

TEST_F(Fault, StickyFaultGoesOnUntilCleared) {
  memory->inject({.kind = FaultKind::disk_full, .only = IoOp::write, .file = FileKind::wal, .sticky = true});
  EXPECT_EQ(db.exec("INSERT INTO t VALUES(1)"), SQLITE_FULL);
  EXPECT_EQ(db.exec("INSERT INTO t VALUES(2)"), SQLITE_FULL);
  EXPECT_EQ(memory->faults_fired(), 2U);
  memory->clear_faults();
  EXPECT_EQ(db.exec("INSERT INTO t VALUES(3)"), SQLITE_OK);
  EXPECT_EQ(db.rows("SELECT x FROM t"), "3\n");
}

TEST_F(Fault, FailedOpenIsSeenAsSuch) {
  memory->inject({.only = IoOp::open});
  EXPECT_EQ(VfsConnection(memory->name(), "store.db").opened(), SQLITE_CANTOPEN);
}

TEST_F(Fault, CommitWhoseSyncFailedIsReportedAndMayBeThereAfterACrash) {
  memory->inject({.only = IoOp::sync, .file = FileKind::wal});
  EXPECT_EQ(db.exec("INSERT INTO t VALUES(1)"), SQLITE_IOERR_FSYNC);
  EXPECT_EQ(rows_after_power_loss(), "");
  const auto image = memory->crash({.unsynced = CrashDamage::Unsynced::everything});
  EXPECT_EQ(VfsConnection(image->name(), "store.db").rows("SELECT x FROM t"), "1\n");
}

TEST_F(Fault, SyncAfterAFailedSyncDoesNotSaveWhatTheFirstLost) {
  ASSERT_EQ(db.exec("PRAGMA synchronous=OFF; INSERT INTO t VALUES(1)"), SQLITE_OK);
  memory->inject({.only = IoOp::sync, .file = FileKind::wal});
  ASSERT_EQ(db.exec("PRAGMA synchronous=FULL; INSERT INTO t VALUES(2)"), SQLITE_IOERR_FSYNC);
  ASSERT_EQ(db.exec("INSERT INTO t VALUES(3)"), SQLITE_OK);
  EXPECT_EQ(db.rows("SELECT x FROM t"), "1\n3\n");
  EXPECT_EQ(rows_after_power_loss(), "");  // 3 is on the disk, behind the hole that 1 left
}

TEST_F(Fault, SyncAfterAFailedSyncSavesWhatStayedDirty) {
  ASSERT_EQ(db.exec("PRAGMA synchronous=OFF; INSERT INTO t VALUES(1)"), SQLITE_OK);
  memory->inject({.only = IoOp::sync, .file = FileKind::wal, .failed_sync_loses = false});
  ASSERT_EQ(db.exec("PRAGMA synchronous=FULL; INSERT INTO t VALUES(2)"), SQLITE_IOERR_FSYNC);
  ASSERT_EQ(db.exec("INSERT INTO t VALUES(3)"), SQLITE_OK);
  EXPECT_EQ(rows_after_power_loss(), "1\n3\n");
}

TEST_F(Fault, SyncThatReportsFailureAfterItsEffectIsDurable) {
  memory->inject({.only = IoOp::sync, .file = FileKind::wal, .after_effect = true});
  EXPECT_EQ(db.exec("INSERT INTO t VALUES(1)"), SQLITE_IOERR_FSYNC);
  EXPECT_EQ(rows_after_power_loss(), "1\n");
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, FaultSweep,
    testing::Values(FaultCase{"IoErrorOnce", {}}, FaultCase{"IoErrorSticky", {.sticky = true}},
                    FaultCase{"IoErrorAfterEffect", {.after_effect = true}},
                    FaultCase{"DiskFullOnce", {.kind = FaultKind::disk_full}},
                    FaultCase{"DiskFullSticky", {.kind = FaultKind::disk_full, .sticky = true}},
                    FaultCase{"ShortWriteOnce", {.kind = FaultKind::short_write}},
                    FaultCase{"ShortWriteSticky", {.kind = FaultKind::short_write, .sticky = true}},
                    FaultCase{"ShortReadOfMainOnce", {.kind = FaultKind::short_read, .file = FileKind::main}},
                    FaultCase{"ShortReadOfWalOnce", {.kind = FaultKind::short_read, .file = FileKind::wal}},
                    FaultCase{"SyncOnce", {.only = IoOp::sync}},
                    FaultCase{"SyncSticky", {.only = IoOp::sync, .sticky = true}},
                    FaultCase{"SyncOnceKeepsDirtyPages", {.only = IoOp::sync, .failed_sync_loses = false}}),
    [](const auto& fault) { return fault.param.name; });

}  // namespace
}  // namespace cairn
