#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include <cairn/core/clock.hpp>

namespace cairn::delivery {

/// The time a step takes. To look at the clock costs what handing out an event does, so events that take next to none
/// of the budget are timed many at a time.
class StepTime {
 public:
  StepTime(const Clock& clock, std::chrono::microseconds budget)
      : clock_{clock}, budget_{budget}, began_{clock.steady_now()}, now_{began_} {}

  void passed_one() {
    if (++passed_ < between_looks_) return;
    passed_ = 0;
    const SteadyTime before = now_;
    now_ = clock_.steady_now();
    const bool quick = (now_ - before) * 16 < budget_;
    between_looks_ = quick ? std::min(between_looks_ * 2, between_looks_max) : 1;
  }
  /// When it was looked at last.
  [[nodiscard]] SteadyTime now() const noexcept { return now_; }
  [[nodiscard]] bool is_up() const noexcept { return now_ - began_ >= budget_; }

 private:
  static constexpr std::size_t between_looks_max = 64;

  const Clock& clock_;
  const std::chrono::microseconds budget_;
  const SteadyTime began_;
  SteadyTime now_;
  std::size_t passed_ = 0;
  std::size_t between_looks_ = 1;
};

}  // namespace cairn::delivery
