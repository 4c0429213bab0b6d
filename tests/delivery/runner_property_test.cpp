#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "delivery/runner_box.hpp"
#include "support/seed.hpp"

namespace cairn {
namespace {

using test::leave_trace;
using test::RunnerBox;

const std::vector<std::string> names{"a", "b", "c"};

/// A service with a hard life: handlers come and go and fail, the process is restarted and lost, letters are tried
/// again; from one seed.
class HardLife {
 public:
  explicit HardLife(std::uint64_t seed) : random_{seed}, box_{{.step_events_max = 1 + random_.below(20)}} {}

  void live() {
    for (std::uint64_t acts = 40 + random_.below(60); acts > 0; --acts) act();
  }

  /// Nothing fails any more; what is parked is tried again until all is handled.
  void heal() {
    failing_.clear();
    for (const std::string& name : names) {
      if (added_.insert(name).second) add(name);
      box_->resume(name).value();
    }
    box_.run_until_quiet();
    EXPECT_EQ(box_.letters().count({.error = Errc::invalid}).value(), 0U) << "no event ends the process here";
    while (box_.letters().count({.state = LetterState::parked}).value() > 0) {
      ASSERT_GT(box_.letters().redrive({}).value().resolved, 0U);
    }
  }

  void expect_each_once_and_in_order_of_its_stream() {
    for (const std::string& name : names) {
      std::map<std::string, std::vector<std::uint64_t>> handled;
      for (const std::string& effect : box_.effects(name)) {
        const auto space = effect.find(' ');
        handled[effect.substr(0, space)].push_back(std::stoull(effect.substr(space + 1)));
      }
      EXPECT_EQ(handled, appended_) << name;
    }
  }

 private:
  void act() {
    switch (random_.below(12)) {
      case 0:
      case 1:
      case 2: return append();
      case 3:
      case 4:
      case 5: static_cast<void>(box_->run_once().value()); return;
      case 6: return begin_life_again();
      case 7: return come_or_go();
      case 8: return fail_or_heal();
      case 9: box_.clock().advance(std::chrono::seconds{random_.below(90)}); return;
      case 10: static_cast<void>(box_.letters().redrive({.queue = names[random_.below(3)]})); return;
      default: return pause_or_resume();
    }
  }

  void append() {
    const std::string stream = "account-" + std::to_string(random_.below(4));
    for (std::uint64_t count = 1 + random_.below(6); count > 0; --count) {
      box_.append(stream);
      appended_[stream].push_back(++number_);
    }
  }

  void add(const std::string& name) {
    const auto handler = [this, name, trace = leave_trace(name)](Unit& unit, const RecordedEvent& event) {
      if (auto left = trace(unit, event); !left) return left;
      const std::uint64_t number = std::stoull(std::string{as_text(event.data)});
      const auto found = failing_.find({name, number % 7});
      return found == failing_.end() ? Result<void>{} : Result<void>{Error{found->second, "does not work"}};
    };
    box_->add(name, handler, {.retry = {.max_attempts = 2}, .crash_attempts_max = 1}).value();
  }

  void begin_life_again() {
    random_.below(2) == 0 ? box_.restart() : box_.kill();
    for (const std::string& name : added_) add(name);
  }

  void come_or_go() {
    const std::string& name = names[random_.below(3)];
    if (added_.erase(name) > 0) {
      box_->remove(name).value();
    } else {
      added_.insert(name);
      add(name);
    }
  }

  void fail_or_heal() {
    const std::pair where{names[random_.below(3)], random_.below(7)};
    if (failing_.erase(where) > 0) return;
    failing_.emplace(where, random_.below(2) == 0 ? Errc::unavailable : Errc::corrupt);
  }

  void pause_or_resume() {
    const std::string& name = names[random_.below(3)];
    if (!added_.contains(name)) return;
    random_.below(2) == 0 ? box_->pause(name).value() : box_->resume(name).value();
  }

  SeededRandom random_;
  RunnerBox box_;
  std::uint64_t number_ = 0;
  std::map<std::string, std::vector<std::uint64_t>> appended_;
  std::set<std::string> added_;
  std::map<std::pair<std::string, std::uint64_t>, Errc> failing_;
};

TEST(RunnerProperty, EveryEventIsHandledOnceAndInTheOrderOfItsStream) {
  for (const std::uint64_t seed : test::seeds(300)) {
    SCOPED_TRACE(test::seed_note(seed));
    HardLife service{seed};
    service.live();
    service.heal();
    service.expect_each_once_and_in_order_of_its_stream();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace cairn
