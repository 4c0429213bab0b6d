#pragma once

#include <cstdint>
#include <optional>

#include <cairn/core/attempt.hpp>
#include <cairn/eventstore/global_position.hpp>
#include <cairn/eventstore/revision.hpp>

namespace cairn {

/// What became of a command that was not refused.
struct Handled {
  /// Of the stream's last event when the command was done; nothing when there is no such stream.
  std::optional<Revision> revision{};
  /// Whoever has read the log up to here has seen what the command did, or what it was decided on.
  GlobalPosition position{};
  std::uint64_t events = 0;  ///< that it appended
  Attempt attempt{};         ///< the one that got through
  bool repeated = false;     ///< it was done before, under the same command id; this is what became of it then

  [[nodiscard]] bool nothing_happened() const noexcept { return events == 0; }
  friend bool operator==(const Handled&, const Handled&) = default;
};

}  // namespace cairn
