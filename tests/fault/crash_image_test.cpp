#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

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
using test::StoreWorkload;
using test::ToldLedger;

constexpr std::uint64_t damages = 10;  // eight seeds, nothing unsynced kept, all kept

CrashDamage damage(std::uint64_t which, std::uint64_t call) {
  switch (which) {
    case 0: return {.unsynced = CrashDamage::Unsynced::nothing};
    case 1: return {.unsynced = CrashDamage::Unsynced::everything};
    default: return {.seed = which * 1'000'003 + call};
  }
}

// What is wrong with the store that comes up from an image, given what clients had been told when the power went.
std::string lie_of(std::unique_ptr<MemoryVfs> image, const ToldLedger& ledger) {
  FaultStore store{std::move(image)};
  if (auto opened = store.open(); !opened) return "open: " + opened.error().to_string();
  LogAgreement agreement{store.store()};
  if (auto wrong = agreement.check_with_verify(); !wrong.empty()) return wrong;
  if (auto wrong = ledger.lie(agreement.log()); !wrong.empty()) return wrong;

  const std::size_t before = agreement.log().size();
  const auto appended =
      store.store().append(StreamId{"account-0"}, ExpectedRevision::any(), test::make_event(1'000'000));
  if (!appended) return "append: " + appended.error().to_string();
  if (appended->first_position.value != before + 1) return "the log does not go on where it ended";
  LogAgreement later{store.store()};
  if (auto wrong = later.check(); !wrong.empty()) return "one event later: " + wrong;
  return later.log().size() == before + 1 ? "" : "one event later, the log has another size";
}

TEST(CrashImages, AtEveryCallHoldTheAcknowledgedAndNoPartOfABatch) {
  FaultStore store;
  ToldLedger ledger;
  StoreWorkload workload{store, ledger};
  std::uint64_t images = 0;
  store.disk().on_call([&](const IoCall& call) {
    // On a thread of its own, because this one is inside a unit, where no other store may be waited for.
    std::thread{[&] {
      for (std::uint64_t which = 0; which < damages && !testing::Test::HasFailure(); ++which) {
        if (!test::long_run() && which != call.number % damages) continue;
        EXPECT_EQ(lie_of(store.disk().crash(damage(which, call.number)), ledger), "")
            << "call " << call.number << ", damage " << which;
        ++images;
      }
    }}.join();
  });
  workload.run_appends(100);
  store.disk().on_call({});
  EXPECT_EQ(workload.wrong(), "");
  EXPECT_GE(ledger.acknowledged(), 95U);
  EXPECT_GT(images, 1'000U);
  RecordProperty("images", static_cast<int>(images));
}

}  // namespace
}  // namespace cairn
