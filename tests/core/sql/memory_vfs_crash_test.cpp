#include <cairn/core/sql/memory_vfs.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

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
using Unsynced = CrashDamage::Unsynced;

constexpr int rows = 8;

/// The two extremes and one damage for each seed: `usual` seeds, or as many as --seeds says.
std::vector<CrashDamage> damages(std::uint64_t usual) {
  std::vector<CrashDamage> all{{.seed = 0, .unsynced = Unsynced::nothing},
                               {.seed = 0, .unsynced = Unsynced::everything}};
  for (const std::uint64_t seed : test::seeds(usual)) all.push_back({.seed = seed, .unsynced = Unsynced::random});
  return all;
}

/// Before such a call the files are what they were before the call that came before it.
bool leaves_files_alone(const IoCall& call) { return call.op == IoOp::read || call.op == IoOp::access; }

enum class Layer { none, checksums };

class CrashSweep : public testing::TestWithParam<Layer> {
 protected:
  /// Opens an image as the product would, and says what is wrong with it.
  static std::string check(const VfsWorkload& workload, const MemoryVfs& image) {
    if (GetParam() == Layer::none) return workload.check(image.name());
    const auto checksums = ChecksumVfs::create(image.name().c_str());
    return workload.check(checksums->name());
  }
};

TEST_P(CrashSweep, AcknowledgedRowsSurviveAPowerLossBeforeEveryCall) {
  const auto memory = MemoryVfs::create({.track_durability = true});
  const auto checksums = ChecksumVfs::create(memory->name().c_str());
  VfsWorkload workload{GetParam() == Layer::none ? memory->name() : checksums->name()};
  const auto all = damages(GetParam() == Layer::none ? 2 : 8);
  std::uint64_t images = 0;
  memory->on_call([&](const IoCall& call) {
    if (leaves_files_alone(call)) return;
    for (const CrashDamage damage : all) {
      ++images;
      const std::string wrong = check(workload, *memory->crash(damage));
      EXPECT_EQ(wrong, "") << "call " << call.number << " (" << to_string(call.op) << ' ' << call.name << "), damage "
                           << static_cast<int>(damage.unsynced) << ", " << test::seed_note(damage.seed);
    }
  });

  workload.run(rows);

  EXPECT_EQ(workload.acknowledged().size(), std::size_t{rows});
  EXPECT_EQ(workload.wrong_answers(), "");
  EXPECT_GT(images, 50 * all.size());
}

TEST_P(CrashSweep, AcknowledgedRowsSurviveAKilledProcessBeforeEveryCall) {
  const auto memory = MemoryVfs::create();
  const auto checksums = ChecksumVfs::create(memory->name().c_str());
  VfsWorkload workload{GetParam() == Layer::none ? memory->name() : checksums->name()};
  memory->on_call([&](const IoCall& call) {
    if (leaves_files_alone(call)) return;
    const std::string wrong = check(workload, *memory->clone());
    EXPECT_EQ(wrong, "") << "call " << call.number << " (" << to_string(call.op) << ' ' << call.name << ')';
  });
  workload.run(rows);
  EXPECT_EQ(workload.acknowledged().size(), std::size_t{rows});
}

/// The sweep has to be able to fail.
TEST(CrashSweepItself, SeesRowsLostWithoutSyncs) {
  const auto memory = MemoryVfs::create({.track_durability = true});
  VfsWorkload workload{memory->name(), "PRAGMA synchronous=OFF"};
  std::set<std::string> found;
  memory->on_call([&](const IoCall& call) {
    if (call.op != IoOp::write) return;
    for (const CrashDamage damage : damages(2)) found.insert(workload.check(memory->crash(damage)->name()));
  });
  workload.run(rows);
  found.erase("");
  EXPECT_GT(found.size(), 5U);
}

class Crash : public testing::Test {
 protected:
  /// A connection of a process that syncs nothing unless told.
  void SetUp() override {
    ASSERT_EQ(make_store(db), SQLITE_OK);
    ASSERT_EQ(db.exec("CREATE TABLE t(x); INSERT INTO t VALUES('synced'); PRAGMA synchronous=OFF"), SQLITE_OK);
  }

  std::string rows_after(CrashDamage damage) {
    return VfsConnection{memory->crash(damage)->name(), "store.db"}.rows("SELECT x FROM t");
  }

  std::unique_ptr<MemoryVfs> memory = MemoryVfs::create({.track_durability = true});
  VfsConnection db{memory->name(), "store.db"};
};

TEST_F(Crash, KeepsWhatWasSyncedAndNothingElseAtWorst) {
  ASSERT_EQ(db.exec("INSERT INTO t VALUES('not synced')"), SQLITE_OK);
  EXPECT_EQ(rows_after({.unsynced = Unsynced::nothing}), "synced\n");
}

TEST_F(Crash, KeepsEverythingAtBest) {
  ASSERT_EQ(db.exec("INSERT INTO t VALUES('not synced')"), SQLITE_OK);
  EXPECT_EQ(rows_after({.unsynced = Unsynced::everything}), "synced\nnot synced\n");
}

TEST_F(Crash, KillKeepsWhatWasWritten) {
  ASSERT_EQ(db.exec("INSERT INTO t VALUES('not synced')"), SQLITE_OK);
  const auto image = memory->clone();
  const auto later = image->crash({.unsynced = Unsynced::nothing});
  EXPECT_EQ(VfsConnection(image->name(), "store.db").rows("SELECT x FROM t"), "synced\nnot synced\n");
  // What the kernel kept for the next process is as volatile as before.
  EXPECT_EQ(VfsConnection(later->name(), "store.db").rows("SELECT x FROM t"), "synced\n");
}

TEST_F(Crash, SameSeedDoesTheSameDamage) {
  ASSERT_EQ(db.exec("INSERT INTO t VALUES(zeroblob(50000))"), SQLITE_OK);
  const auto wal_after = [&](std::uint64_t seed) { return memory->crash({.seed = seed})->read_file("store.db-wal"); };
  EXPECT_EQ(wal_after(1), wal_after(1));
  std::set<std::optional<Bytes>> different;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) different.insert(wal_after(seed));
  EXPECT_GT(different.size(), 4U);
}

TEST_F(Crash, NeverChangesBytesOutsideTheUnsyncedWrites) {
  const Bytes before = memory->read_file("store.db-wal").value();
  ASSERT_EQ(db.exec("INSERT INTO t VALUES(zeroblob(50000))"), SQLITE_OK);
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Bytes after = memory->crash({.seed = seed})->read_file("store.db-wal").value();
    ASSERT_GE(after.size(), before.size());
    EXPECT_TRUE(std::equal(before.begin(), before.end(), after.begin())) << test::seed_note(seed);
  }
}

TEST_F(Crash, FileCreatedButNeverSyncedMayVanish) {
  VfsConnection other{memory->name(), "other.db"};
  ASSERT_EQ(other.exec("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; CREATE TABLE t(x)"), SQLITE_OK);
  EXPECT_FALSE(memory->crash({.unsynced = Unsynced::nothing})->read_file("other.db"));
  EXPECT_TRUE(memory->crash({.unsynced = Unsynced::everything})->read_file("other.db"));
}

TEST_F(Crash, DeletionThatWasNotSyncedMayBeUndone) {
  ASSERT_EQ(db.exec("PRAGMA synchronous=FULL; INSERT INTO t VALUES(2)"), SQLITE_OK);
  db.close();  // SQLite deletes the log and does not sync the directory
  ASSERT_FALSE(memory->read_file("store.db-wal"));
  EXPECT_TRUE(memory->crash({.unsynced = Unsynced::nothing})->read_file("store.db-wal"));
  EXPECT_FALSE(memory->crash({.unsynced = Unsynced::everything})->read_file("store.db-wal"));
  EXPECT_EQ(rows_after({.unsynced = Unsynced::nothing}), "synced\n2\n");
}

INSTANTIATE_TEST_SUITE_P(Layers, CrashSweep, testing::Values(Layer::none, Layer::checksums),
                         [](const auto& layer) { return layer.param == Layer::none ? "Plain" : "Checksums"; });

}  // namespace
}  // namespace cairn
