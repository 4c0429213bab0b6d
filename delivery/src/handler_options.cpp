#include <cairn/delivery/event_handler.hpp>

namespace cairn {

RetryPolicy event_retry_policy() {
  RetryPolicy policy;
  policy.decisions =
      policy.decisions.with(Errc::rejected, RetryDecision::park).with(Errc::already_exists, RetryDecision::park);
  return policy;
}

}  // namespace cairn
