#include <algorithm>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/eventstore/backup.hpp>

#include "fault/fault_store.hpp"
#include "fault/log_agreement.hpp"
#include "support/fault_sweep.hpp"
#include "support/long_run.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::FaultStore;
using test::LogAgreement;
using test::make_event;

const StreamId account{"account-1"};
constexpr std::uint64_t events_before = 330;  // a chunk, a tail, index pages and payloads of their own

/// The disk of a closed store, and on it a backup of that store.
const MemoryVfs& prepared() {
  static const std::unique_ptr<MemoryVfs> disk = [] {
    FaultStore store;
    store.open().value();
    for (std::uint64_t number = 1; number <= events_before; ++number) {
      NewEvent event = make_event(number, "account.deposited", {"owner:ann"});
      if (number % 60 == 0) event.data.resize(20'000, std::byte{7});
      (void)store.store().append(account, ExpectedRevision::any(), event).value();
    }
    (void)store.store().backup("prepared.db").value();
    store.close().value();
    store.lose_power({.seed = 1, .unsynced = CrashDamage::Unsynced::nothing});
    return store.disk().clone();
  }();
  return *disk;
}

std::vector<OwnedEvent> dump(EventStore& store) {
  return store.read_all({.filter = {.system = true}}).collect().value();
}

/// What is wrong with `file` on `disk` as a complete copy at `position` of a store with these events; "absent" if it is
/// no file.
std::string wrong_with_copy(MemoryVfs& disk, const char* file, std::uint64_t position,
                            const std::vector<OwnedEvent>& log) {
  if (!disk.read_file(file)) return "absent";
  DatabaseOptions options = FaultStore::database_options();
  options.file = file;
  options.memory = &disk;
  auto database = Database::open(options);
  if (!database) return "does not open: " + database.error().to_string();
  auto store = EventStore::open(**database, FaultStore::log_options());
  if (!store) return "does not open: " + store.error().to_string();
  const auto verified = (*store)->verify();
  if (!verified) return verified.error().to_string();
  if (!verified->good()) return *verified->first_bad;
  const std::vector<OwnedEvent> found = dump(**store);
  if (position != 0 && found.size() != position) return "ends elsewhere than it says";
  if (found.size() > log.size()) return "more events than the store has";
  if (!std::equal(found.begin(), found.end(), log.begin())) return "other events than the store's";
  store->reset();
  return (*database)->close() ? "" : "does not close";
}

/// Nothing opens what is not finished, whoever tries.
std::string wrong_with_unfinished(MemoryVfs& disk) {
  for (const std::string& file : disk.files()) {
    if (!file.ends_with(".cairn-partial")) continue;
    DatabaseOptions options = FaultStore::database_options();
    options.file = file;
    options.memory = &disk;
    if (Database::open(options)) return file + " opens as a store";
  }
  return "";
}

const auto sweeps = test::fault_sweep({
    {"FailedRenameAfterItsEffect", {.kind = FaultKind::io_error, .only = IoOp::rename, .after_effect = true}},
    {"FailedReadFromThenOn", {.kind = FaultKind::io_error, .only = IoOp::read, .sticky = true}},
});

class CopyFaultSweep : public testing::TestWithParam<test::FaultSweepCase> {
 protected:
  /// Runs `one` with the n-th call failing, for all n. It says what went wrong.
  template <class One>
  void sweep(One&& one) {
    FaultPlan plan = GetParam().plan;
    bool fired = true;
    int runs = 0;
    for (plan.at_call = 1; fired; ++plan.at_call, ++runs) {
      FaultStore store{prepared().clone()};
      ASSERT_TRUE(store.open());
      const std::string wrong = one(store, plan);
      fired = store.disk().faults_fired() > 0;
      ASSERT_EQ(wrong, "") << "call " << plan.at_call;
    }
    EXPECT_GT(runs, 1) << "the fault never struck";
  }
};

// One event is appended between any two steps; some are refused when the fault strikes there.
TEST_P(CopyFaultSweep, BackupIsCompleteOrNotThereAndTheStoreIsUnharmed) {
  sweep([](FaultStore& store, const FaultPlan& plan) -> std::string {
    std::vector<std::uint64_t> acknowledged;
    std::uint64_t next = 1'000;
    const auto append = [&](const CopyProgress&) {
      const std::uint64_t number = next++;
      if (store.store().append(account, ExpectedRevision::any(), make_event(number))) acknowledged.push_back(number);
    };
    store.disk().inject(plan);
    const auto report = store.store().backup("backup.db", {.on_progress = append, .step_pages = 8});
    store.disk().clear_faults();
    if (store.fenced() && !store.database().recover()) return "does not recover";

    LogAgreement agreement{store.store()};
    if (auto wrong = agreement.check_with_verify(); !wrong.empty()) return "the store: " + wrong;
    std::size_t found = 0;
    for (const OwnedEvent& event : agreement.log()) {
      if (found < acknowledged.size() && event.id == test::event_id(acknowledged[found])) ++found;
    }
    if (found != acknowledged.size()) return "an acknowledged event is gone";

    if (auto wrong = wrong_with_unfinished(store.disk()); !wrong.empty()) return wrong;
    auto image = store.disk().crash({.seed = plan.at_call, .unsynced = CrashDamage::Unsynced::nothing});
    const std::uint64_t position = report ? report->position.value : 0;
    const std::string copy = wrong_with_copy(store.disk(), "backup.db", position, agreement.log());
    const std::string after_power_loss = wrong_with_copy(*image, "backup.db", position, agreement.log());
    if (report) return copy + after_power_loss;
    if (!copy.empty() && copy != "absent") return "what is left of it: " + copy;
    // A failed removal may leave a complete one.
    if (copy.empty() && !plan.sticky) return "an error was reported, and the target is there";
    return after_power_loss == "absent" ? "" : after_power_loss;
  });
}

TEST_P(CopyFaultSweep, RestoreIsCompleteOrNotThereAndTheBackupIsUnharmed) {
  const Bytes backup = prepared().read_file("prepared.db").value();
  sweep([&](FaultStore& store, const FaultPlan& plan) -> std::string {
    store.disk().inject(plan);
    const auto report =
        restore_backup({.backup = "prepared.db", .target = "new.db", .memory = &store.disk(), .clock = &store.clock()});
    store.disk().clear_faults();
    if (store.disk().read_file("prepared.db") != backup) return "the backup was changed";
    if (auto wrong = wrong_with_unfinished(store.disk()); !wrong.empty()) return wrong;
    auto image = store.disk().crash({.seed = plan.at_call, .unsynced = CrashDamage::Unsynced::nothing});
    const auto log = dump(store.store());
    const std::string copy = wrong_with_copy(store.disk(), "new.db", events_before, log);
    const std::string after_power_loss = wrong_with_copy(*image, "new.db", events_before, log);
    if (report) return copy + after_power_loss;
    if (!copy.empty() && copy != "absent") return "what is left of it: " + copy;
    if (copy.empty() && !plan.sticky) return "an error was reported, and the target is there";
    return after_power_loss == "absent" ? "" : after_power_loss;
  });
}

INSTANTIATE_TEST_SUITE_P(Kinds, CopyFaultSweep, testing::ValuesIn(sweeps),
                         [](const auto& param) { return std::string{param.param.name}; });

// The power goes at every call of a backup, appends going on beside it.
TEST(BackupCrash, LeavesTheStoreWholeAndTheTargetCompleteOrNotThere) {
  FaultStore store{prepared().clone()};
  ASSERT_TRUE(store.open());
  struct Image {
    std::unique_ptr<MemoryVfs> disk;
    std::uint64_t acknowledged;  // events
  };
  std::vector<Image> images;
  std::uint64_t acknowledged = events_before;
  std::uint64_t calls = 0;
  const std::uint64_t stride = test::long_run() ? 1 : 5;
  store.disk().on_call([&](const IoCall& call) {
    if (++calls % stride != 0 && call.op != IoOp::rename && call.op != IoOp::sync) return;
    const CrashDamage damage{
        .seed = calls, .unsynced = calls % 2 == 0 ? CrashDamage::Unsynced::random : CrashDamage::Unsynced::everything};
    images.push_back({store.disk().crash(damage), acknowledged});
  });
  const auto report = store.store().backup(
      "backup.db", {.on_progress =
                        [&](const CopyProgress&) {
                          const NewEvent event = make_event(1'000 + calls);
                          (void)store.store().append(account, ExpectedRevision::any(), event).value();
                          ++acknowledged;
                        },
                    .step_pages = 8});
  store.disk().on_call({});
  ASSERT_TRUE(report) << report.error().to_string();
  const auto log = dump(store.store());
  ASSERT_GT(images.size(), 20U);
  int complete = 0;
  for (const Image& image : images) {
    ASSERT_EQ(wrong_with_unfinished(*image.disk), "");
    ASSERT_EQ(wrong_with_copy(*image.disk, "store.db", 0, log), "");
    const std::string copy = wrong_with_copy(*image.disk, "backup.db", report->position.value, log);
    ASSERT_TRUE(copy.empty() || copy == "absent") << copy;
    complete += copy.empty() ? 1 : 0;
    FaultStore after{image.disk->clone()};
    ASSERT_TRUE(after.open());
    EXPECT_GE(after.store().head().value, image.acknowledged);
  }
  EXPECT_GT(complete, 0) << "no crash after the renaming";
}

}  // namespace
}  // namespace cairn
