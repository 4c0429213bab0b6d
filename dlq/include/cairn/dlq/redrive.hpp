#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/retry_policy.hpp>
#include <cairn/dlq/dead_letter.hpp>
#include <cairn/dlq/letter_filter.hpp>

namespace cairn {

class Timers;
class Unit;

/// Tries a letter again inside the unit that resolves it, in a savepoint of its own: what it wrote and the letter's
/// new state commit together, so its effect in the store happens once. Runs on the writer's thread: be short, touch
/// nothing but the unit. May run more than once for one attempt.
using LetterHandler = std::function<Result<void>(Unit&, const DeadLetter&)>;
/// Tries a letter whose effect is outside the store, on the thread that redrives. At least once: the process may end
/// between the effect and its record, so pass on DeadLetter::item as an idempotency key.
using OutsideLetterHandler = std::function<Result<void>(const DeadLetter&)>;

/// How a queue's letters are tried again by themselves. The attempts before parking count.
struct RedrivePolicy {
  /// When: an error that it retries gets a time, until max_attempts; the others wait for somebody to look.
  RetryPolicy retry{.max_attempts = 20, .backoff = exponential(std::chrono::minutes{1}, std::chrono::hours{6})};
};

struct RedriveProgress;

struct RedriveOptions {
  std::string worker = "redrive";  ///< written on the attempts
  /// Attempts a second, which `timers` then wait for; nothing: as fast as they go.
  std::optional<double> attempts_per_second{};
  Timers* timers = nullptr;
  /// Called between two slices, on the caller's thread.
  std::function<void(const RedriveProgress&)> on_progress{};
  /// Asked between two slices; the run then stays as it is, and resume_redrive() goes on there.
  std::stop_token stop{};
};

/// How far a run is. A letter is looked at once: it succeeds, fails, or waits because an older one of its key is still
/// open. One that was resolved or dropped by others meanwhile is passed by.
struct RedriveProgress {
  std::uint64_t run = 0;  ///< its number
  std::uint64_t resolved = 0;
  std::uint64_t failed = 0;
  std::uint64_t waiting = 0;
  bool done = false;
  friend bool operator==(const RedriveProgress&, const RedriveProgress&) = default;
};

/// A run as it is stored.
struct RedriveRecord : RedriveProgress {
  LetterFilter filter{};
  std::string worker;
  Timestamp started_at{};
  std::optional<Timestamp> ended_at{};  ///< finished or cancelled
  LetterId position{};                  ///< done with letters up to here
  LetterId through{};                   ///< the last one there was when it began
};

}  // namespace cairn
