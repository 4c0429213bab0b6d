#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/eventstore/snapshots.hpp>

#include "fault/errors.hpp"
#include "fault/fault_store.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::FaultStore;

const StreamId ann{"account-ann"};
const StreamId ben{"account-ben"};
const SnapshotShape shape{"balance", 7};

/// What the streams show: their settings, their ends, what is kept, whether there is a snapshot.
std::string shown(EventStore& store) {
  std::string all;
  for (const StreamId& stream : {ann, ben}) {
    const auto kept = store.retention(stream);
    all += stream.text() + (kept ? ": max " + std::to_string(kept->events_max.value_or(0)) + " before " +
                                       std::to_string(kept->truncate_before.value)
                                 : ": " + std::string{to_string(kept.error().code())});
    Reader reader = store.read_stream(stream);
    auto done = reader.for_each([&](const RecordedEvent& event) { all += ' ' + std::to_string(event.revision.value); });
    if (!done) return done.error().to_string();
    const auto head = store.stream_head(stream);
    if (!head) return head.error().to_string();
    all += *head ? " head " + std::to_string((*head)->value) : " no head";
    const auto snapshot = Snapshots{store}.newest(stream, shape);
    if (!snapshot) return snapshot.error().to_string();
    all += *snapshot ? " snapshot\n" : "\n";
  }
  return all + std::to_string(store.head().value);
}

/// One write.
using Step = std::function<Result<void>(EventStore&)>;

Step append(const StreamId& stream, ExpectedRevision expected, std::uint64_t first, std::size_t count) {
  return [=](EventStore& store) -> Result<void> {
    auto done = store.append(stream, expected, test::make_events(first, count));
    return done ? Result<void>{} : Result<void>{done.error()};
  };
}
Step snapshot(const StreamId& stream, std::uint64_t revision) {
  return [=](EventStore& store) {
    return Snapshots{store}.save(stream, Snapshot{.shape = shape, .revision = {revision}, .data = to_bytes("9")});
  };
}
Step keep(const StreamId& stream, StreamRetention retention) {
  return [=](EventStore& store) { return store.set_retention(stream, retention); };
}

std::vector<Step> steps() {
  return {
      append(ann, ExpectedRevision::no_stream(), 1, 300),
      append(ben, ExpectedRevision::no_stream(), 1'001, 3),
      keep(ann, {.events_max = 10}),
      snapshot(ann, 299),
      append(ann, ExpectedRevision::exactly(299), 2'001, 5),
      keep(ann, {.truncate_before = {302}}),
      [](EventStore& store) { return store.delete_stream(ann, ExpectedRevision::exactly(304)); },
      append(ann, ExpectedRevision::no_stream(), 3'001, 2),
      snapshot(ben, 1),
      [](EventStore& store) {
        return store.database().write([&](Unit& unit) -> Result<void> {
          if (auto done = store.tombstone_stream(unit, ben, ExpectedRevision::exactly(2)); !done) return done;
          if (auto done = store.set_retention(unit, ann, {.events_max = 4}); !done) return done;
          auto landed = store.append(unit, ann, ExpectedRevision::exactly(306), test::make_events(4'001, 260));
          return landed ? Result<void>{} : Result<void>{landed.error()};
        });
      },
      append(ann, ExpectedRevision::any(), 5'001, 1),
  };
}

/// What is shown before the first step and after each, in an undisturbed run.
std::vector<std::string> undisturbed() {
  FaultStore store;
  store.open().value();
  std::vector<std::string> states{shown(store.store())};
  for (const Step& step : steps()) {
    store.clock().advance(std::chrono::milliseconds{1});
    step(store.store()).value();
    states.push_back(shown(store.store()));
    EXPECT_NE(states.back(), states[states.size() - 2]) << "a step that changes nothing shows nothing";
  }
  return states;
}

TEST(RetentionFault, AfterACrashAtAnyCallTheStreamsAreAsBeforeOrAfterTheStep) {
  const std::vector<std::string> states = undisturbed();
  FaultStore store;
  store.open().value();
  std::size_t at = 0;
  std::uint64_t images = 0;
  store.disk().on_call([&](const IoCall& call) {
    // On a thread of its own, because this one is inside a unit, where no other store may be waited for.
    std::thread{[&] {
      const auto unsynced = std::array{CrashDamage::Unsynced::nothing, CrashDamage::Unsynced::everything,
                                       CrashDamage::Unsynced::random}[call.number % 3];
      FaultStore image{store.disk().crash({.seed = call.number, .unsynced = unsynced})};
      if (auto opened = image.open(); !opened) {
        ADD_FAILURE() << "call " << call.number << ": " << opened.error().to_string();
        return;
      }
      const std::string found = shown(image.store());
      EXPECT_TRUE(found == states[at] || found == states[at + 1]) << "call " << call.number << ", step " << at << ":\n"
                                                                  << found;
      EXPECT_TRUE(image.store().verify().value().good());
      ++images;
    }}.join();
  });
  for (const Step& step : steps()) {
    store.clock().advance(std::chrono::milliseconds{1});
    ASSERT_TRUE(step(store.store()));
    ++at;
    if (HasFailure()) break;
  }
  store.disk().on_call({});
  EXPECT_GT(images, 50U);
  RecordProperty("images", static_cast<int>(images));
}

/// A store in which one call fails, and a careful client of it.
class Trial {
 public:
  explicit Trial(const FaultPlan& plan) {
    store_.open().value();
    store_.disk().inject(plan);
  }

  /// Sends a step until it is done; says what no trouble explains. What shows that it is done is not sent again.
  std::string settle(const Step& step, const std::string& before, const std::string& after) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      store_.clock().advance(std::chrono::milliseconds{1});
      const auto outcome = step(store_.store());
      if (!outcome && !test::is_trouble(outcome.error().code())) return outcome.error().to_string();
      if (!outcome || store_.fenced()) store_.disk().clear_faults();
      if (store_.fenced()) {
        if (auto recovered = store_.database().recover(); !recovered) return recovered.error().to_string();
      }
      std::string found = shown(store_.store());
      if (found != before && found != after && fired()) {
        store_.disk().clear_faults();  // the call that failed was one of the read's
        found = shown(store_.store());
      }
      const bool unknown = !outcome && outcome.error().code() == Errc::outcome_unknown;
      if (found == after) return outcome || unknown ? "" : "refused, but done";
      if (outcome || found != before) return "shows:\n" + found;
    }
    return "not done after the trouble was over";
  }
  /// In good health, after the process was lost.
  std::string last_shown() {
    store_.disk().clear_faults();
    store_.lose_process();
    store_.open().value();
    return store_.store().verify().value().good() ? shown(store_.store()) : "damaged";
  }
  [[nodiscard]] bool fired() { return store_.disk().faults_fired() > 0; }

 private:
  FaultStore store_;
};

TEST(RetentionFault, AFailedCallLeavesAStepDoneOrNotInMemoryAndFile) {
  const std::vector<std::string> states = undisturbed();
  const std::vector<Step> all = steps();
  const FaultPlan plans[] = {{.kind = FaultKind::io_error},
                             {.kind = FaultKind::disk_full, .sticky = true},
                             {.kind = FaultKind::io_error, .only = IoOp::sync},
                             {.kind = FaultKind::io_error, .only = IoOp::sync, .after_effect = true}};
  for (FaultPlan plan : plans) {
    bool fired = true;
    for (plan.at_call = 1; fired; ++plan.at_call) {
      Trial trial{plan};
      for (std::size_t i = 0; i < all.size(); ++i) {
        ASSERT_EQ(trial.settle(all[i], states[i], states[i + 1]), "") << "call " << plan.at_call << ", step " << i;
      }
      fired = trial.fired();
      ASSERT_EQ(trial.last_shown(), states.back()) << "call " << plan.at_call;
    }
    EXPECT_GT(plan.at_call, 5U) << "the fault never struck";
  }
}

}  // namespace
}  // namespace cairn
