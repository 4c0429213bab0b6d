#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

#include <cairn/core/clock.hpp>

namespace cairn {

// Users say "never" with the largest time there is. Arithmetic with it stays at the end instead of wrapping around.

[[nodiscard]] constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) noexcept {
  using Limits = std::numeric_limits<std::int64_t>;
  if (b > 0 && a > Limits::max() - b) return Limits::max();
  if (b < 0 && a < Limits::min() - b) return Limits::min();
  return a + b;
}
[[nodiscard]] constexpr std::int64_t saturating_subtract(std::int64_t a, std::int64_t b) noexcept {
  using Limits = std::numeric_limits<std::int64_t>;
  if (b < 0 && a > Limits::max() + b) return Limits::max();
  if (b > 0 && a < Limits::min() + b) return Limits::min();
  return a - b;
}

[[nodiscard]] constexpr std::chrono::nanoseconds saturating_nanoseconds(std::chrono::microseconds time) noexcept {
  using std::chrono::nanoseconds;
  if (time > std::chrono::floor<std::chrono::microseconds>(nanoseconds::max())) return nanoseconds::max();
  if (time < std::chrono::ceil<std::chrono::microseconds>(nanoseconds::min())) return nanoseconds::min();
  return time;
}

/// How long until `due`; negative when it has passed.
[[nodiscard]] constexpr std::chrono::nanoseconds until(SteadyTime due, SteadyTime now) noexcept {
  return std::chrono::nanoseconds{saturating_subtract(due.time_since_epoch().count(), now.time_since_epoch().count())};
}
[[nodiscard]] constexpr std::chrono::nanoseconds until(Timestamp due, Timestamp now) noexcept {
  return saturating_nanoseconds(
      std::chrono::microseconds{saturating_subtract(due.time_since_epoch().count(), now.time_since_epoch().count())});
}
[[nodiscard]] constexpr SteadyTime later(SteadyTime now, std::chrono::nanoseconds delay) noexcept {
  return SteadyTime{std::chrono::nanoseconds{saturating_add(now.time_since_epoch().count(), delay.count())}};
}

}  // namespace cairn
