#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <cairn/core/attempt.hpp>
#include <cairn/core/backoff.hpp>
#include <cairn/core/error.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/retry_decision.hpp>

namespace cairn {

/// When to try again, how often and how long after; one type for commands, runners, effects and tasks.
///
///     RetryPolicy{.max_attempts = 5, .backoff = exponential(1s, 60s)}
struct RetryPolicy {
  /// Attempts altogether, the first included; 0 counts as 1. The default gives a dependency about two minutes.
  std::uint32_t max_attempts = 8;
  Backoff backoff = exponential(std::chrono::seconds{1}, std::chrono::seconds{60});
  RetryTable decisions{};

  /// How long to wait before the attempt after `failed`, which ended with `error`; nothing when there is none,
  /// because the attempts are used up or `decisions` says otherwise.
  [[nodiscard]] std::optional<std::chrono::microseconds> next_delay(Attempt failed, const Error& error,
                                                                    Random& random) const;
  /// The decision for `error`, ignoring how many attempts are left.
  [[nodiscard]] RetryDecision decision(const Error& error) const noexcept { return decisions[error.code()]; }

  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

}  // namespace cairn
