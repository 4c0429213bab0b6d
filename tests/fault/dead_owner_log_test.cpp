#include <string>

#include <gtest/gtest.h>

#include "fault/fault_store.hpp"
#include "fault/log_agreement.hpp"
#include "fault/told_ledger.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::FaultStore;
using test::LogAgreement;
using test::make_event;
using test::ToldLedger;

const StreamId account{"account-1"};

Result<std::vector<Appended>> append(FaultStore& store, ToldLedger& ledger, std::uint64_t number,
                                     std::size_t more_bytes = 0) {
  NewEvent event = make_event(number);
  event.data.resize(event.data.size() + more_bytes);
  const std::size_t asked = ledger.asked({{{account, ExpectedRevision::any(), {event}}}});
  auto outcome = ledger.request(asked).send(store.store());
  ledger.told(asked, outcome);
  return outcome;
}

std::string lie_of(FaultStore& store, const ToldLedger& ledger) {
  LogAgreement agreement{store.store()};
  if (auto wrong = agreement.check_with_verify(); !wrong.empty()) return wrong;
  return ledger.lie(agreement.log());
}

// A store whose process died right after a sync failed: the log beside it reads well, and its last commit is not
// durable, nor would a later sync of the log make it so.
void die_after_failed_sync(FaultStore& store, ToldLedger& ledger) {
  ASSERT_TRUE(store.open());
  ASSERT_TRUE(append(store, ledger, 1));
  store.disk().inject({.only = IoOp::sync});
  const auto unknown = append(store, ledger, 2);
  ASSERT_FALSE(unknown);
  ASSERT_EQ(unknown.error().code(), Errc::outcome_unknown);
  store.lose_process();
}

TEST(DeadOwnersLog, IsNotTrustedWhenItsSyncMayHaveFailed) {
  FaultStore store;
  ToldLedger ledger;
  die_after_failed_sync(store, ledger);
  ASSERT_TRUE(store.open());
  EXPECT_EQ(ledger.settle(store.store()), "");
  ASSERT_TRUE(append(store, ledger, 3));
  store.lose_power({.unsynced = CrashDamage::Unsynced::nothing});
  ASSERT_TRUE(store.open());
  EXPECT_EQ(lie_of(store, ledger), "");
}

TEST(DeadOwnersLog, OnAFullDiskIsReadAndWrittenToOnceThereIsRoom) {
  FaultStore store;
  ToldLedger ledger;
  die_after_failed_sync(store, ledger);
  store.disk().set_capacity(0);
  const auto opened = store.open();
  ASSERT_TRUE(opened) << opened.error().to_string();
  const auto read = store.store().read_stream(account).collect();
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->size(), 2U);
  // Small ones find room in what the file and the log have already.
  const auto refused = append(store, ledger, 3, 1'000'000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::storage_full);

  store.disk().set_capacity(std::nullopt);
  EXPECT_EQ(ledger.settle(store.store()), "");
  ASSERT_TRUE(append(store, ledger, 4));
  EXPECT_EQ(lie_of(store, ledger), "");
  store.lose_power({.unsynced = CrashDamage::Unsynced::nothing});
  ASSERT_TRUE(store.open());
  EXPECT_EQ(lie_of(store, ledger), "");
}

}  // namespace
}  // namespace cairn
