#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <cairn/core/error.hpp>

namespace cairn {

/// What to do with a call that failed.
enum class RetryDecision : std::uint8_t {
  retry,    ///< the same call again after back-off, while attempts are left; then as park
  park,     ///< repeating cannot help now, but the input must not be lost: a dead letter at once
  give_up,  ///< hand the error to the caller: its data, its decision or its next step; never a dead letter
};

/// The decision for each Errc, as its reaction (error.hpp) says:
///
/// - retry: conflict (the call loads and decides again), unavailable, timeout, storage_full, handler_failed;
/// - park: unknown_schema, corrupt, and the caller's data (invalid, too_broad, not_found, stream_deleted), which
///   stays as it is however often it is tried;
/// - give_up: rejected, already_exists, cancelled; busy_owner and fenced, which need an operator or recover();
///   outcome_unknown, which only a caller that knows its event ids can repeat or resolve.
class RetryTable {
 public:
  RetryTable();

  [[nodiscard]] RetryDecision operator[](Errc code) const noexcept { return decisions_.at(place_of(code)); }
  /// This table, but with `decision` for `code`.
  [[nodiscard]] RetryTable with(Errc code, RetryDecision decision) const;

  friend bool operator==(const RetryTable&, const RetryTable&) = default;

 private:
  static constexpr std::size_t place_of(Errc code) noexcept { return static_cast<std::size_t>(code); }

  std::array<RetryDecision, static_cast<std::size_t>(Errc::cancelled) + 1> decisions_;
};

}  // namespace cairn
