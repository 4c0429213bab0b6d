#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "fault/fault_store.hpp"
#include "fault/log_agreement.hpp"
#include "fault/store_workload.hpp"
#include "fault/told_ledger.hpp"
#include "support/long_run.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::FaultStore;
using test::LogAgreement;
using test::make_event;
using test::StoreWorkload;
using test::ToldLedger;

std::string lie_of(FaultStore& store, const ToldLedger& ledger) {
  LogAgreement agreement{store.store()};
  if (auto wrong = agreement.check_with_verify(); !wrong.empty()) return wrong;
  return ledger.lie(agreement.log());
}

std::uint64_t bytes_on(const MemoryVfs& disk) {
  std::uint64_t bytes = 0;
  for (const std::string& file : disk.files()) bytes += disk.read_file(file)->size();
  return bytes;
}

TEST(DiskFull, RefusesAppendsWhileReadsGoOnAndResumesWithRoom) {
  FaultStore store;
  ToldLedger ledger;
  StoreWorkload workload{store, ledger};
  workload.run_appends(60);
  const std::size_t before = ledger.acknowledged();
  store.disk().set_capacity(bytes_on(store.disk()));

  std::optional<Errc> refusal;
  for (std::uint64_t number = 1; !refusal && number < 1'000; ++number) {
    const auto outcome =
        store.store().append(StreamId{"full-1"}, ExpectedRevision::any(), make_event(900'000 + number));
    if (!outcome) refusal = outcome.error().code();
    const std::size_t asked =
        ledger.asked({{{StreamId{"full-1"}, ExpectedRevision::any(), {make_event(900'000 + number)}}}});
    ledger.told(asked, outcome ? Result<std::vector<Appended>>{{*outcome}} : outcome.error());
  }
  EXPECT_EQ(refusal, Errc::storage_full);
  EXPECT_FALSE(store.fenced());
  EXPECT_EQ(lie_of(store, ledger), "");  // every way to read, resolve and verify included

  store.disk().set_capacity(std::nullopt);
  workload.run_appends(40);
  EXPECT_EQ(workload.wrong(), "");
  EXPECT_GE(ledger.acknowledged(), before + 35);
  EXPECT_EQ(lie_of(store, ledger), "");
  store.lose_power({.unsynced = CrashDamage::Unsynced::nothing});
  ASSERT_TRUE(store.open());
  EXPECT_EQ(lie_of(store, ledger), "");
}

// The disk fills up somewhere in the workload, again and again.
TEST(DiskFull, AtAnySizeLosesNothing) {
  const std::uint64_t step = test::long_run() ? 512 : 16'384;
  const std::uint64_t largest = [] {
    FaultStore store;
    ToldLedger ledger;
    StoreWorkload{store, ledger}.run(1);
    return bytes_on(store.disk());
  }();
  for (std::uint64_t capacity = 0; capacity < largest; capacity += step) {
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    FaultStore store;
    ToldLedger ledger;
    StoreWorkload workload{store, ledger};
    store.disk().set_capacity(capacity);
    workload.run(1);
    ASSERT_EQ(workload.wrong(), "");
    if (store.is_open()) {
      EXPECT_FALSE(store.fenced()) << "a full disk fences nothing";
      ASSERT_EQ(lie_of(store, ledger), "");
      store.lose_process();
    }
    store.disk().set_capacity(capacity);
    if (ledger.acknowledged() > 0) {  // a store that exists opens for reading on a full disk
      const auto opened = store.open();
      ASSERT_TRUE(opened) << opened.error().to_string();
      ASSERT_EQ(lie_of(store, ledger), "");
    }
    store.disk().set_capacity(std::nullopt);
    workload.run(1);
    ASSERT_EQ(workload.wrong(), "");
    ASSERT_EQ(lie_of(store, ledger), "");
  }
}

}  // namespace
}  // namespace cairn
