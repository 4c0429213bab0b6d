#include <cairn/core/retry_decision.hpp>

namespace cairn {
namespace {

// Without a default, so that a new code does not compile before its reaction is chosen.
RetryDecision usual_decision(Errc code) noexcept {
  switch (code) {
    case Errc::conflict:
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::storage_full:
    case Errc::handler_failed: return RetryDecision::retry;
    case Errc::unknown_schema:
    case Errc::corrupt:
    case Errc::invalid:
    case Errc::too_broad:
    case Errc::not_found:
    case Errc::stream_deleted: return RetryDecision::park;
    case Errc::already_exists:
    case Errc::outcome_unknown:
    case Errc::fenced:
    case Errc::busy_owner:
    case Errc::rejected:
    case Errc::cancelled: return RetryDecision::give_up;
  }
  return RetryDecision::give_up;
}

}  // namespace

RetryTable::RetryTable() : decisions_{} {
  for (std::size_t i = 0; i < decisions_.size(); ++i) decisions_.at(i) = usual_decision(static_cast<Errc>(i));
}

RetryTable RetryTable::with(Errc code, RetryDecision decision) const {
  RetryTable changed = *this;
  changed.decisions_.at(place_of(code)) = decision;
  return changed;
}

}  // namespace cairn
