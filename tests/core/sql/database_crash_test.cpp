#include <cairn/core/sql/database.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/sql/memory_vfs.hpp>

#include "core/sql/ledger_workload.hpp"
#include "core/sql/sql_test_store.hpp"
#include "support/seed.hpp"

namespace cairn {
namespace {

// A store must come up from every image; `ledger` has what callers had been told when the power went.
void check(MemoryVfs& image, const test::Ledger& ledger) {
  auto db = Database::open(test::ledger_options(image));
  ASSERT_TRUE(db) << db.error().to_string();
  auto migrated = (*db)->migrate("ledger", test::ledger_schema);
  ASSERT_TRUE(migrated) << migrated.error().to_string();
  ledger.check(**db);
  EXPECT_EQ(test::rows(**db, "SELECT * FROM pragma_quick_check"), std::vector<std::string>{"ok"});
}

TEST(Crash, AtEveryCallTheAcknowledgedIsThereAndUnitsAreWhole) {
  const auto seeds = test::seeds(8);
  auto memory = MemoryVfs::create({.track_durability = true});
  test::Ledger ledger;
  std::uint64_t images = 0;
  memory->on_call([&](const IoCall& call) {
    if (testing::Test::HasFailure()) return;  // one broken image says enough
    // On a thread of its own, because this one may be inside a unit, where no other store may be waited for.
    std::thread{[&] {
      for (const std::uint64_t seed : seeds) {
        SCOPED_TRACE("call " + std::to_string(call.number) + ", " + test::seed_note(seed));
        check(*memory->crash({.seed = seed * 1'000'003 + call.number}), ledger);
        ++images;
      }
    }}.join();
  });
  {
    auto db = test::open_store(test::ledger_options(*memory));
    auto migrated = db->migrate("ledger", test::ledger_schema);
    ASSERT_TRUE(migrated) << migrated.error().to_string();
    test::run_ledger(*db, ledger, 12, false);
    ASSERT_TRUE(db->close());
  }
  memory->on_call({});
  check(*memory->crash({.seed = 1}), ledger);
  EXPECT_GT(images, 1'000U);
}

}  // namespace
}  // namespace cairn
