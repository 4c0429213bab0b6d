#pragma once

#include <mutex>

#include <cairn/core/attempt.hpp>
#include <cairn/core/error.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/retry_policy.hpp>

namespace cairn {

class Timers;

namespace detail {

/// Whether, and after which wait, a command that lost a race decides once more before it appends. Thread-safe.
class Race final {
 public:
  /// Without `timers` there are no waits.
  Race(RetryPolicy policy, Timers* timers) : policy_{policy}, timers_{timers} {}

  /// False when the attempts are used up. Otherwise returns after the back-off, which is the caller's thread's to wait.
  [[nodiscard]] bool again(Attempt lost, const Error& conflict);

 private:
  const RetryPolicy policy_;
  Timers* const timers_;
  std::mutex mutex_;
  // Only spreads those who lost together, so a fixed seed will do.
  SeededRandom random_{1};
};

}  // namespace detail
}  // namespace cairn
