#pragma once

#include <chrono>

#include <cairn/core/attempt.hpp>
#include <cairn/core/random.hpp>

namespace cairn {

/// How long to wait before the next attempt: up to `base` after the first, twice that after the second, and so on,
/// never more than `cap`.
struct Backoff {
  std::chrono::microseconds base{};
  std::chrono::microseconds cap{};

  /// The longest wait after `failed`: min(cap, base * 2^(failed - 1)), at least 0. Never overflows.
  [[nodiscard]] std::chrono::microseconds ceiling(Attempt failed) const noexcept;
  /// The wait itself: uniform between 0 and the ceiling, both included. Callers that failed together so do not come
  /// back together ("full jitter": Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
  [[nodiscard]] std::chrono::microseconds delay(Attempt failed, Random& random) const;

  friend bool operator==(const Backoff&, const Backoff&) = default;
};

/// `exponential(1s, 60s)`: up to 1 s, 2 s, 4 s, ... 60 s.
[[nodiscard]] constexpr Backoff exponential(std::chrono::microseconds base, std::chrono::microseconds cap) noexcept {
  return {.base = base, .cap = cap};
}
/// No waiting at all, for repeats that only lost a race.
[[nodiscard]] constexpr Backoff immediate() noexcept { return {}; }

}  // namespace cairn
