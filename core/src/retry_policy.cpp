#include <cairn/core/retry_policy.hpp>

namespace cairn {

std::optional<std::chrono::microseconds> RetryPolicy::next_delay(Attempt failed, const Error& error,
                                                                 Random& random) const {
  if (failed.number() >= max_attempts) return std::nullopt;
  if (decision(error) != RetryDecision::retry) return std::nullopt;
  return backoff.delay(failed, random);
}

}  // namespace cairn
