#pragma once

#include <chrono>

namespace cairn {

/// A moment people can read: UTC, microseconds since 1970-01-01 without leap seconds. May be set back.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;
/// A moment for timeouts and intervals: never goes back, means nothing outside this process.
using SteadyTime = std::chrono::steady_clock::time_point;

/// Where the library learns what time it is. Handed in, so that a test or a simulation decides.
/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;

  /// Wall-clock time, rounded down to the microsecond. May stand still or go back.
  [[nodiscard]] virtual Timestamp now() const noexcept = 0;
  /// Time for measuring; never smaller than an earlier answer.
  [[nodiscard]] virtual SteadyTime steady_now() const noexcept = 0;

 protected:
  Clock() = default;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const noexcept override;
  [[nodiscard]] SteadyTime steady_now() const noexcept override;
};

}  // namespace cairn
