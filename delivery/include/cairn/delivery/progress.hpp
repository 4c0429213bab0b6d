#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cairn/core/error.hpp>
#include <cairn/eventstore/global_position.hpp>

namespace cairn {

enum class HandlerState : std::uint8_t {
  catching_up,  ///< there is more to handle
  live,         ///< has handled all there was
  retrying,     ///< waits to try an event, or the store, again; `error` says why
  paused,       ///< by pause(), or by an error; until resume()
  stopped,      ///< the runner does not run
};

/// "catching_up", "live", "retrying", "paused", "stopped".
[[nodiscard]] std::string_view to_string(HandlerState state) noexcept;

/// How far a handler of the log is.
struct Progress {
  std::string name{};
  HandlerState state = HandlerState::stopped;
  /// Every event up to here was handled or parked, durably.
  GlobalPosition position{};
  GlobalPosition head{};      ///< of the log, when this was asked
  std::uint64_t handled = 0;  ///< events, since it was added
  std::uint64_t parked = 0;   ///< as dead letters, since it was added
  /// Of retrying and paused; nothing when somebody paused it.
  std::optional<Error> error{};
  std::uint32_t attempts = 0;  ///< at the event that is tried again
  /// It has been busy with this event for longer than `hung_after`.
  std::optional<GlobalPosition> hung_at{};

  /// Positions it has not been past; not all need be events it is given.
  [[nodiscard]] std::uint64_t lag() const noexcept { return head > position ? head.value - position.value : 0; }
  friend bool operator==(const Progress&, const Progress&) = default;
};

}  // namespace cairn
