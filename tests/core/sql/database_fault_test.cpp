#include <cairn/core/sql/database.hpp>

#include <memory>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include <cairn/core/sql/memory_vfs.hpp>

#include "core/sql/ledger_workload.hpp"
#include "core/sql/sql_test_store.hpp"
#include "support/fault_sweep.hpp"

namespace cairn {
namespace {

const auto sweeps = test::fault_sweep({
    {"ShortWriteFromThenOn", {.kind = FaultKind::short_write, .sticky = true}},
    {"FailedSyncThatLosesNothing", {.kind = FaultKind::io_error, .only = IoOp::sync, .failed_sync_loses = false}},
    {"FailedOpenOnce", {.kind = FaultKind::io_error, .only = IoOp::open}},
});

class FaultSweep : public testing::TestWithParam<test::FaultSweepCase> {};

// One run with the n-th call failing. False when no call did: the sweep is over.
bool survives(const FaultPlan& plan) {
  auto memory = MemoryVfs::create({.track_durability = true});
  test::Ledger ledger;
  memory->inject(plan);
  {
    auto db = Database::open(test::ledger_options(*memory));
    if (db && (*db)->migrate("ledger", test::ledger_schema)) {
      test::run_ledger(**db, ledger, 20, true);
      if (testing::Test::HasFatalFailure()) return false;
    }
    const bool fired = memory->faults_fired() > 0;
    if (db && !ledger.knows_any()) {  // failed on the way: all is well once the fault is gone
      memory->clear_faults();
      if ((*db)->fenced()) {
        EXPECT_TRUE((*db)->recover());
      }
      auto migrated = (*db)->migrate("ledger", test::ledger_schema);
      EXPECT_TRUE(migrated) << migrated.error().to_string();
    }
    if (db) {
      memory->clear_faults();
      if ((*db)->fenced()) {
        auto recovered = (*db)->recover();
        EXPECT_TRUE(recovered) << recovered.error().to_string();
      }
      ledger.check(**db);
    }
    if (!fired) return false;

    // The power goes: what was acknowledged does not depend on pages that a failed sync left behind.
    if (db) {
      auto image = memory->crash({.seed = plan.at_call});
      auto reopened = Database::open(test::ledger_options(*image));
      EXPECT_TRUE(reopened) << reopened.error().to_string();
      if (reopened) ledger.check(**reopened);
    }
  }
  memory->clear_faults();
  auto again = Database::open(test::ledger_options(*memory));
  EXPECT_TRUE(again) << again.error().to_string();
  if (again) {
    auto migrated = (*again)->migrate("ledger", test::ledger_schema);
    EXPECT_TRUE(migrated) << migrated.error().to_string();
    ledger.check(**again);
  }
  return true;
}

TEST_P(FaultSweep, NothingAcknowledgedIsMissingAndNothingRefusedIsThere) {
  FaultPlan plan = GetParam().plan;
  for (plan.at_call = 1; plan.at_call < 20'000; ++plan.at_call) {
    SCOPED_TRACE("call " + std::to_string(plan.at_call));
    const bool fired = survives(plan);
    if (HasFailure()) return;
    if (!fired) break;
  }
  EXPECT_GT(plan.at_call, 5U) << "the fault never struck";
  RecordProperty("calls", static_cast<int>(plan.at_call));
}

INSTANTIATE_TEST_SUITE_P(Kinds, FaultSweep, testing::ValuesIn(sweeps),
                         [](const auto& param) { return std::string{param.param.name}; });

}  // namespace
}  // namespace cairn
