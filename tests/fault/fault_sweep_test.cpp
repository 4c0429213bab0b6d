#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "fault/fault_store.hpp"
#include "fault/log_agreement.hpp"
#include "fault/store_workload.hpp"
#include "fault/told_ledger.hpp"
#include "support/fault_sweep.hpp"
#include "support/long_run.hpp"

namespace cairn {
namespace {

using test::Errors;
using test::FaultStore;
using test::LogAgreement;
using test::StoreWorkload;
using test::ToldLedger;

const auto sweeps = test::fault_sweep({
    {"ShortWriteFromThenOn", {.kind = FaultKind::short_write, .sticky = true}},
    {"FailedSyncFromThenOn", {.kind = FaultKind::io_error, .only = IoOp::sync, .sticky = true}},
    {"FailedSyncThatLosesNothing", {.kind = FaultKind::io_error, .only = IoOp::sync, .failed_sync_loses = false}},
    {"FailedReadFromThenOn", {.kind = FaultKind::io_error, .only = IoOp::read, .sticky = true}},
    {"FailedOpenOnce", {.kind = FaultKind::io_error, .only = IoOp::open}},
    {"FailedOpenFromThenOn", {.kind = FaultKind::io_error, .only = IoOp::open, .sticky = true}},
});

class StoreFaultSweep : public testing::TestWithParam<test::FaultSweepCase> {};

// What is wrong with an open store in good health.
std::string lie_of(FaultStore& store, const ToldLedger& ledger) {
  LogAgreement agreement{store.store()};
  if (auto wrong = agreement.check_with_verify(); !wrong.empty()) return wrong;
  return ledger.lie(agreement.log());
}

// What is wrong with a store in trouble: it may refuse to answer.
std::string lie_in_trouble(FaultStore& store, const ToldLedger& ledger) {
  LogAgreement agreement{store.store(), Errors::allowed};
  if (auto wrong = agreement.check(); !wrong.empty()) return wrong;
  return agreement.read_all() ? ledger.lie(agreement.log()) : "";
}

// The trouble is over: a fenced store says so until it is recovered in place, a closed one opens.
std::string bring_back(FaultStore& store, ToldLedger& ledger) {
  if (store.fenced()) {
    if (auto wrong = lie_in_trouble(store, ledger); !wrong.empty()) return "fenced, faults cleared: " + wrong;
    const auto refused = store.store().append(StreamId{"account-0"}, ExpectedRevision::any(),
                                              store.store().new_event("account.opened", {}));
    if (refused || refused.error().code() != Errc::fenced) return "a fenced store takes appends";
    const std::uint64_t epoch = store.database().epoch();
    if (auto done = store.database().recover(); !done) return "recover: " + done.error().to_string();
    if (store.fenced() || store.database().epoch() <= epoch) return "recovered, yet fenced or of the same epoch";
  }
  if (!store.is_open()) {
    if (auto opened = store.open(); !opened) return "open: " + opened.error().to_string();
  }
  if (auto wrong = ledger.settle(store.store()); !wrong.empty()) return wrong;
  return lie_of(store, ledger);
}

std::string reopened(FaultStore& store, const ToldLedger& ledger, const char* after) {
  auto opened = store.open();
  const std::string wrong = opened ? lie_of(store, ledger) : "open: " + opened.error().to_string();
  return wrong.empty() ? "" : std::string{after} + ": " + wrong;
}

// One run with the n-th call failing; sets `fired` to whether one did. Returns what went wrong.
std::string run(const FaultPlan& plan, int rounds, bool& fired) {
  FaultStore store;
  ToldLedger ledger;
  StoreWorkload workload{store, ledger};
  store.disk().inject(plan);
  workload.run(rounds);
  fired = store.disk().faults_fired() > 0;
  if (!workload.wrong().empty()) return workload.wrong();
  if (store.is_open()) {
    if (auto wrong = lie_in_trouble(store, ledger); !wrong.empty()) return "faults on: " + wrong;
  }
  store.disk().clear_faults();
  if (auto wrong = bring_back(store, ledger); !wrong.empty()) return wrong;
  workload.append_one();
  if (!workload.wrong().empty() || !ledger.open_requests().empty()) return "no append after it: " + workload.wrong();
  if (auto wrong = lie_of(store, ledger); !wrong.empty()) return "one event later: " + wrong;

  // What was acknowledged may not depend on pages that a failed sync left behind.
  auto image = store.disk().crash({.seed = plan.at_call, .unsynced = CrashDamage::Unsynced::nothing});
  store.lose_process();
  if (auto wrong = reopened(store, ledger, "after kill"); !wrong.empty()) return wrong;
  FaultStore after_power_loss{std::move(image)};
  return reopened(after_power_loss, ledger, "after power loss");
}

TEST_P(StoreFaultSweep, NothingAcknowledgedIsMissingNothingRefusedIsThereAndTheUnknownIsSettled) {
  FaultPlan plan = GetParam().plan;
  const int rounds = test::long_run() ? 4 : 1;
  bool fired = true;
  for (plan.at_call = 1; fired; ++plan.at_call) {
    const std::string wrong = run(plan, rounds, fired);
    ASSERT_EQ(wrong, "") << "call " << plan.at_call;
  }
  EXPECT_GT(plan.at_call, 5U) << "the fault never struck";
  RecordProperty("calls", static_cast<int>(plan.at_call));
}

INSTANTIATE_TEST_SUITE_P(Kinds, StoreFaultSweep, testing::ValuesIn(sweeps),
                         [](const auto& param) { return std::string{param.param.name}; });

}  // namespace
}  // namespace cairn
