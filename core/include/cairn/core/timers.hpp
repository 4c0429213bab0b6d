#pragma once

#include <chrono>
#include <cstdint>

#include <cairn/core/clock.hpp>
#include <cairn/core/executor.hpp>

namespace cairn {

class Timers;

/// A timer that was set. Destroying or overwriting the handle cancels it; the Timers outlives it. Moved, not shared.
class [[nodiscard]] TimerHandle {
 public:
  TimerHandle() = default;
  ~TimerHandle() { cancel(); }
  TimerHandle(TimerHandle&& other) noexcept;
  TimerHandle& operator=(TimerHandle&& other) noexcept;

  /// True when this call kept the job from running. False when it ran, runs or waits in its executor's queue, or
  /// when there was none: cancelling does not wait, so such a job may still run after this returns.
  bool cancel() noexcept;
  /// Lets the timer run without a handle.
  void release() noexcept { timers_ = nullptr; }

 private:
  friend class Timers;
  TimerHandle(Timers& timers, std::uint64_t id) noexcept : timers_{&timers}, id_{id} {}

  Timers* timers_ = nullptr;
  std::uint64_t id_ = 0;
};

/// Runs jobs at a time. Jobs run in the order of their times, and those of one time in the order they were set;
/// never early; a time that has passed means as soon as possible. Thread-safe.
class Timers {
 public:
  virtual ~Timers() = default;
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  /// At a moment of the steady clock: for timeouts and intervals.
  TimerHandle at(SteadyTime time, Job job);
  /// At a moment of the wall clock, followed when that clock is set forward or back: for what people planned.
  TimerHandle at(Timestamp time, Job job);
  /// `delay` from now by the steady clock. A delay beyond the clock's end means never; a negative one means now.
  TimerHandle after(std::chrono::nanoseconds delay, Job job);

 protected:
  Timers() = default;

 private:
  friend class TimerHandle;
  [[nodiscard]] virtual SteadyTime timer_now() const noexcept = 0;
  virtual std::uint64_t set_steady(SteadyTime time, Job job) = 0;
  virtual std::uint64_t set_wall(Timestamp time, Job job) = 0;
  /// Whether the job was still there to be taken away.
  virtual bool cancel_timer(std::uint64_t id) noexcept = 0;
};

}  // namespace cairn
