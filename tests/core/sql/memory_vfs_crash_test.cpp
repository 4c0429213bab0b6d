#include <cairn/core/sql/memory_vfs.hpp>

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
  std::vector<CrashDamage> all{{.seed = 0, .unsynced = Unsynced::nothing}, {.seed = 0, .unsynced = Unsynced::everything}};
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

INSTANTIATE_TEST_SUITE_P(Layers, CrashSweep, testing::Values(Layer::none, Layer::checksums),
                         [](const auto& layer) { return layer.param == Layer::none ? "Plain" : "Checksums"; });

}  // namespace
}  // namespace cairn
