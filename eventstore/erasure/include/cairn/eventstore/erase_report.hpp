#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <cairn/core/clock.hpp>

namespace cairn {

/// What an erase did, and what it could not do.
struct EraseReport {
  enum class Outcome : std::uint8_t {
    key_destroyed,   ///< everything sealed for the subject is unreadable from here on
    already_erased,  ///< by an earlier call; nothing was left to destroy
    nothing_sealed,  ///< nothing was ever sealed for it; it is remembered as erased
  };
  Outcome outcome = Outcome::nothing_sealed;
  Timestamp erased_at;  ///< of the call that erased it

  /// What erasing keys does not reach, and somebody else must see to; one line for each.
  static constexpr std::string_view not_covered =
      "stream names, event types, tags (blind tags too) and headers: stored as they are\n"
      "read models, files and messages made from values that were unsealed before\n"
      "copies of the key file, together with its master key: delete them, or rewrap and destroy the master key\n"
      "values sealed by another key file\n";

  /// "key destroyed at 2024-01-01T00:00:00Z".
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const EraseReport&, const EraseReport&) = default;
};
[[nodiscard]] std::string_view to_string(EraseReport::Outcome outcome) noexcept;

}  // namespace cairn
