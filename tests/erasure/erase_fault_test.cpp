// Erasing in trouble: power losses and failing calls at every place.
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/subject_keys.hpp>

#include "erasure/byte_scan.hpp"
#include "erasure/recording_provider.hpp"
#include "support/long_run.hpp"

namespace cairn {
namespace {

using Text = Sealed<std::string>;

constexpr std::size_t subjects = 40;

SubjectId subject(std::size_t number) { return {"person-" + std::to_string(number)}; }

/// What a caller was told about the subject that is being erased.
enum class Told { whole, under_way, erased };

Result<std::unique_ptr<SubjectKeys>> open(MemoryVfs& disk, KeyProvider& provider) {
  return SubjectKeys::open({.file = "keys", .memory = &disk}, {.master = provider});
}

/// Forty subjects with a value each, on a disk of their own.
struct Service {
  std::unique_ptr<MemoryVfs> disk = MemoryVfs::create({.track_durability = true});
  test::RecordingProvider provider;
  std::vector<Text> sealed;
  std::unique_ptr<SubjectKeys> keys = open(*disk, provider).value();

  Service() {
    for (std::size_t i = 0; i < subjects; ++i)
      sealed.push_back(keys->seal(subject(i), "of " + subject(i).text).value());
  }

  /// What is wrong with the keys on `disk`, when those of the first `erased` subjects were erased and the caller was
  /// told this about the next one.
  std::string lie_of(MemoryVfs& image, std::size_t erased, Told told) {
    auto opened = open(image, provider);
    if (!opened) return "open: " + opened.error().to_string();
    for (std::size_t i = 0; i < subjects; ++i) {
      const auto read = (*opened)->unseal(sealed[i]);
      if (!read) return subject(i).text + ": " + read.error().to_string();
      if (read->has_value() && **read != "of " + subject(i).text) return subject(i).text + ": another value";
      const bool may_be_whole = i > erased || (i == erased && told != Told::erased);
      const bool may_be_erased = i < erased || (i == erased && told != Told::whole);
      if (read->has_value() && !may_be_whole) return subject(i).text + " came back";
      if (!read->has_value() && !may_be_erased) return subject(i).text + " is erased, and nobody asked for it";
      const auto wrapped = provider.made().at(i + 1).wrapped;
      if (!read->has_value() && !test::files_with(image, wrapped).empty()) return subject(i).text + " leaves its key";
    }
    return "";
  }
};

CrashDamage damage(std::uint64_t which, std::uint64_t call) {
  switch (which) {
    case 0: return {.unsynced = CrashDamage::Unsynced::nothing};
    case 1: return {.unsynced = CrashDamage::Unsynced::everything};
    default: return {.seed = which * 1'000'003 + call};
  }
}

TEST(EraseCrash, AtEveryCallLeavesTheSubjectWholeOrErasedAndUndoesNoErase) {
  Service service;
  std::size_t erased = 0;
  Told told = Told::whole;
  std::uint64_t images = 0;
  const auto check = [&](std::uint64_t call) {
    for (std::uint64_t which = 0; which < 10 && !testing::Test::HasFailure(); ++which) {
      if (!test::long_run() && which != call % 10) continue;
      const auto image = service.disk->crash(damage(which, call));
      EXPECT_EQ(service.lie_of(*image, erased, told), "") << "call " << call << ", damage " << which;
      ++images;
    }
  };
  service.disk->on_call([&](const IoCall& call) { check(call.number); });
  for (; erased < 6; ++erased) {
    told = Told::under_way;
    ASSERT_TRUE(service.keys->erase(subject(erased)));
    told = Told::erased;
    for (std::uint64_t which = 0; which < 10; ++which) check(which);
    // What comes later must not bring it back either.
    ASSERT_TRUE(service.keys->erase(subject(erased)));
    ASSERT_TRUE(service.keys->erase(SubjectId{"nobody-" + std::to_string(erased)}));
    told = Told::whole;
  }
  service.disk->on_call({});
  EXPECT_GT(images, 200U);
  RecordProperty("images", static_cast<int>(images));
}

struct Sweep {
  const char* name;
  FaultPlan plan;
};
void PrintTo(const Sweep& sweep, std::ostream* out) { *out << sweep.name; }

class EraseFaults : public testing::TestWithParam<Sweep> {};

// One run with the n-th call failing; sets `fired` to whether one did. Returns what went wrong.
std::string run(const FaultPlan& plan, bool& fired) {
  Service service;
  service.disk->inject(plan);
  std::size_t erased = 0;
  std::string wrong;
  while (erased < 3 && wrong.empty()) {
    auto done = service.keys->erase(subject(erased));
    for (int again = 0; !done && again < 3; ++again) {
      const Errc code = done.error().code();
      if (code != Errc::outcome_unknown && code != Errc::unavailable && code != Errc::storage_full) {
        return "erase: " + done.error().to_string();
      }
      // Between the tries: whole or erased, for whoever reads and for whoever comes after a power loss.
      const auto image = service.disk->crash(damage(plan.at_call % 10, plan.at_call));
      wrong = service.lie_of(*image, erased, Told::under_way);
      if (!wrong.empty()) return "after a failed erase: " + wrong;
      if (again == 1) service.disk->clear_faults();
      done = service.keys->erase(subject(erased));
    }
    if (!done) return "the trouble is over, and still: " + done.error().to_string();
    for (std::uint64_t which = 0; which < 4 && wrong.empty(); ++which) {
      const auto image = service.disk->crash(damage(which, plan.at_call));
      wrong = service.lie_of(*image, erased, Told::erased);
    }
    const auto read = service.keys->unseal(service.sealed[erased]);
    if (!read || read->has_value()) return "still open: " + subject(erased).text;
    ++erased;
  }
  fired = service.disk->faults_fired() > 0 || plan.at_call == 1;
  return wrong;
}

TEST_P(EraseFaults, LeaveTheSubjectWholeOrErasedAndTheLastWordTrue) {
  FaultPlan plan = GetParam().plan;
  bool fired = true;
  for (plan.at_call = 1; fired; ++plan.at_call) {
    fired = false;
    const std::string wrong = run(plan, fired);
    ASSERT_EQ(wrong, "") << "call " << plan.at_call;
  }
  EXPECT_GT(plan.at_call, 3U) << "the fault never struck";
}

const Sweep sweeps[] = {
    {"AnyCallOnce", {.kind = FaultKind::io_error}},
    {"AnyCallFromThenOn", {.kind = FaultKind::io_error, .sticky = true}},
    {"DiskFullOnce", {.kind = FaultKind::disk_full}},
    {"ShortWriteOnce", {.kind = FaultKind::short_write}},
    {"FailedSyncOnce", {.kind = FaultKind::io_error, .only = IoOp::sync}},
    {"FailedSyncFromThenOn", {.kind = FaultKind::io_error, .only = IoOp::sync, .sticky = true}},
    {"FailedSyncAfterItsEffect", {.kind = FaultKind::io_error, .only = IoOp::sync, .after_effect = true}},
    {"FailedTruncateOnce", {.kind = FaultKind::io_error, .only = IoOp::truncate}},
    {"FailedWriteAfterItsEffect", {.kind = FaultKind::io_error, .only = IoOp::write, .after_effect = true}},
};
INSTANTIATE_TEST_SUITE_P(Kinds, EraseFaults, testing::ValuesIn(sweeps),
                         [](const auto& param) { return std::string{param.param.name}; });

// The same for the making of keys: what was sealed can be read after a power loss, whatever happened before.
TEST(SealCrash, AtEveryCallLeavesEverySealedValueReadable) {
  auto disk = MemoryVfs::create({.track_durability = true});
  test::RecordingProvider provider;
  std::vector<Text> sealed;
  std::uint64_t images = 0;
  disk->on_call([&](const IoCall& call) {
    for (std::uint64_t which = 0; which < 10 && !testing::Test::HasFailure(); ++which) {
      const auto image = disk->crash(damage(which, call.number));
      auto keys = open(*image, provider);
      ASSERT_TRUE(keys) << keys.error().to_string() << " at call " << call.number << ", damage " << which;
      for (const Text& value : sealed) {
        const auto read = (*keys)->unseal(value);
        ASSERT_TRUE(read && read->has_value()) << "call " << call.number << ", damage " << which;
      }
      ++images;
    }
  });
  auto keys = open(*disk, provider).value();
  for (std::size_t i = 0; i < 6; ++i) sealed.push_back(keys->seal(subject(i), "x").value());
  disk->on_call({});
  EXPECT_GT(images, 300U);
}

}  // namespace
}  // namespace cairn
