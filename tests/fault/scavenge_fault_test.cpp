#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/eventstore/event_store.hpp>

#include "fault/errors.hpp"
#include "fault/fault_store.hpp"
#include "support/fault_sweep.hpp"
#include "support/long_run.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::FaultStore;
using Dump = std::vector<OwnedEvent>;

const StreamId ann{"account-ann"};
const StreamId ben{"account-ben"};
const StreamId cat{"account-cat"};

constexpr std::uint64_t filled = 3'500;

/// One that remembers few ids, so that what is older may go.
struct ScavengedStore : FaultStore {
  explicit ScavengedStore(std::unique_ptr<MemoryVfs> disk = MemoryVfs::create({.track_durability = true}))
      : FaultStore{std::move(disk), few_ids()} {
    open().value();
  }
  static EventStoreOptions few_ids() {
    EventStoreOptions options = log_options();
    options.id_window = 300;
    return options;
  }
};

/// A log of which two streams do not keep everything, with payloads in rows of their own.
void fill(FaultStore& store) {
  std::uint64_t next = 1;
  const auto append = [&](const StreamId& stream, std::size_t count) {
    auto events = test::make_events(next, count);
    if (count == 1) events.front().data.resize(20'000);
    (void)store.store().append(stream, ExpectedRevision::any(), events).value();
    next += count;
  };
  while (next + 52 < filled) {
    append(ann, 40);
    append(ann, 1);
    append(ben, 10);
    append(cat, 1);
  }
  append(cat, filled + 1 - next);
  store.store().set_retention(ann, {.events_max = 7}).value();
  store.store().delete_stream(ben, ExpectedRevision::any()).value();
  while (store.database().step(1).value()) {
  }
}

Result<Dump> dump(EventStore& store) { return store.read_all().collect(); }

/// What is appended while a scavenge runs, after slice `number`.
NewEvent beside(std::uint64_t number) { return test::make_event(10'000 + number); }
constexpr std::uint64_t beside_max = 6;

struct Undisturbed {
  Dump before;
  Dump after;
};

Undisturbed undisturbed() {
  ScavengedStore store;
  fill(store);
  Undisturbed run;
  run.before = dump(store.store()).value();
  (void)store.store().scavenge().value();
  run.after = dump(store.store()).value();
  EXPECT_LT(run.after.size() + 2'500, run.before.size());
  return run;
}

/// Whether a log holds everything that is kept, in order, and otherwise only what was there before.
bool is_between(const Dump& found, const Undisturbed& run) {
  return std::ranges::includes(found, run.after, {}, &OwnedEvent::position, &OwnedEvent::position) &&
         std::ranges::includes(run.before, found, {}, &OwnedEvent::position, &OwnedEvent::position);
}

/// The events of the first `filled` positions.
Dump filled_part(Dump all) {
  std::erase_if(all, [](const OwnedEvent& event) { return event.position.value > filled; });
  return all;
}

TEST(ScavengeFault, AfterACrashAtAnyCallTheNextScavengeEndsWithTheLogOfAnUndisturbedRun) {
  const Undisturbed run = undisturbed();
  ScavengedStore store;
  fill(store);
  std::uint64_t images = 0;
  std::uint64_t acknowledged = 0;
  const std::uint64_t every = test::long_run() ? 1 : 23;
  store.disk().on_call([&](const IoCall& call) {
    if (call.number % every != 0) return;
    // On a thread of its own, because this one is inside a unit, where no other store may be waited for.
    std::thread{[&] {
      const auto unsynced = std::array{CrashDamage::Unsynced::nothing, CrashDamage::Unsynced::everything,
                                       CrashDamage::Unsynced::random}[call.number / every % 3];
      SCOPED_TRACE("call " + std::to_string(call.number));
      ScavengedStore image{store.disk().crash({.seed = call.number, .unsynced = unsynced})};
      EXPECT_GE(image.store().head().value, filled + acknowledged);
      EXPECT_TRUE(is_between(filled_part(dump(image.store()).value()), run));
      const auto checked = image.store().verify().value();
      EXPECT_TRUE(checked.good()) << *checked.first_bad;
      (void)image.store().scavenge().value();
      EXPECT_EQ(filled_part(dump(image.store()).value()), run.after);
      EXPECT_TRUE(image.store().append(ann, ExpectedRevision::any(), beside(99)));
      EXPECT_TRUE(image.store().verify().value().good());
      ++images;
    }}.join();
  });
  const auto append_beside = [&](const ScavengeProgress&) {
    if (acknowledged == beside_max) return;
    (void)store.store().append(cat, ExpectedRevision::any(), beside(acknowledged)).value();
    ++acknowledged;
  };
  const auto report = store.store().scavenge({.on_progress = append_beside});
  store.disk().on_call({});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(acknowledged, beside_max);
  EXPECT_EQ(filled_part(dump(store.store()).value()), run.after);
  EXPECT_GT(images, 10U);
  RecordProperty("images", static_cast<int>(images));
}

class ScavengeFaultSweep : public testing::TestWithParam<test::FaultSweepCase> {};

TEST_P(ScavengeFaultSweep, AFailedCallIsAnErrorAndTheNextScavengeGoesOn) {
  const Undisturbed run = undisturbed();
  // A scavenge syncs a few times, and does other calls by the hundred.
  const std::uint64_t step = test::long_run() || GetParam().plan.only == IoOp::sync ? 1 : 79;
  bool fired = true;
  FaultPlan plan = GetParam().plan;
  for (plan.at_call = 1; fired && !HasFailure(); plan.at_call += step) {
    SCOPED_TRACE("call " + std::to_string(plan.at_call));
    ScavengedStore store;
    fill(store);
    store.disk().inject(plan);
    const auto struck = store.store().scavenge();
    fired = store.disk().faults_fired() > 0;
    if (!struck) {
      EXPECT_TRUE(test::is_trouble(struck.error().code())) << struck.error().to_string();
    }
    store.disk().clear_faults();
    if (store.fenced()) store.database().recover().value();
    const auto found = dump(store.store());
    ASSERT_TRUE(found) << found.error().to_string();
    EXPECT_TRUE(struck ? *found == run.after : is_between(*found, run));
    const auto checked = store.store().verify().value();
    EXPECT_TRUE(checked.good()) << *checked.first_bad;
    (void)store.store().scavenge().value();
    EXPECT_EQ(dump(store.store()).value(), run.after);
    store.lose_process();
    store.open().value();
    EXPECT_EQ(dump(store.store()).value(), run.after);
    EXPECT_TRUE(store.store().verify().value().good());
  }
  EXPECT_GT(plan.at_call, 3 * step) << "the fault never struck";
}

INSTANTIATE_TEST_SUITE_P(Faults, ScavengeFaultSweep, testing::ValuesIn(test::fault_sweep({})),
                         [](const auto& one) { return std::string{one.param.name}; });

}  // namespace
}  // namespace cairn
