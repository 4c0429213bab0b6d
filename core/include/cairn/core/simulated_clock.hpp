#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include <cairn/core/clock.hpp>
#include <cairn/core/timers.hpp>

namespace cairn {

/// Time that moves only when told to: both clocks stand still until advance(). Its timers fire in the thread that
/// advances, each at exactly its own moment, so a day of back-off takes no time and always goes the same way.
/// Reading and setting timers is thread-safe; advance and the set_ functions belong to one thread.
class SimulatedClock final : public Clock, public Timers {
 public:
  /// Noon on 1 January 2026, UTC.
  static constexpr Timestamp default_start =
      std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + std::chrono::hours{12};

  explicit SimulatedClock(Timestamp start = default_start);
  ~SimulatedClock() override;

  [[nodiscard]] Timestamp now() const noexcept override;
  [[nodiscard]] SteadyTime steady_now() const noexcept override;

  /// Moves both clocks forward by `step`, stopping at each timer that falls due, those set on the way included, and
  /// returns how many fired. A job that sets itself again without delay keeps this from returning.
  std::size_t advance(std::chrono::nanoseconds step);
  /// Advances as far as the next timer; false without timers.
  bool advance_to_next();
  /// How far away the next timer is; zero when it is due.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> next_timer() const;
  /// Sets the wall clock forward or back, as an operator or NTP does; the steady clock does not notice. Fires
  /// nothing: what became due fires with the next advance, if only by zero.
  void set_wall_clock(Timestamp now);

 private:
  struct State;

  [[nodiscard]] SteadyTime timer_now() const noexcept override;
  std::uint64_t set_steady(SteadyTime time, Job job) override;
  std::uint64_t set_wall(Timestamp time, Job job) override;
  bool cancel_timer(std::uint64_t id) noexcept override;

  std::unique_ptr<State> state_;
};

}  // namespace cairn
