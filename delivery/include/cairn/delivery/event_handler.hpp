#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <cairn/core/result.hpp>
#include <cairn/core/retry_policy.hpp>
#include <cairn/dlq/redrive.hpp>
#include <cairn/eventstore/read_options.hpp>
#include <cairn/eventstore/recorded_event.hpp>
#include <cairn/eventstore/start_point.hpp>

namespace cairn {

class Unit;

/// Handles one event inside the unit that moves the handler's checkpoint: what it writes there, and that the event is
/// handled, commit together, so its effect in the store happens once whatever crashes. It may run more than once before
/// that, and must have no effect outside the unit. Runs on the writer's thread: be short, and call nothing that waits.
using EventHandler = std::function<Result<void>(Unit&, const RecordedEvent&)>;

/// What becomes of an event that failed as often as its policy allows.
enum class AfterRetries : std::uint8_t {
  park,   ///< it becomes a dead letter, what comes later of its key waits behind it, and the handler goes on
  pause,  ///< the handler stops before it until Runner::resume()
};

/// The default of HandlerOptions: RetryPolicy's own, but what is given up elsewhere because the caller must choose
/// (rejected, already_exists) is parked, because a runner has no caller.
[[nodiscard]] RetryPolicy event_retry_policy();

struct HandlerOptions {
  /// Which events it is given. The rest of the log costs it next to nothing.
  EventFilter filter{};
  /// Where it begins when it has no checkpoint yet.
  StartPosition from = StartPosition::beginning();
  /// Events of one key are handled in order: while one is parked, the next wait behind it. Nothing: the stream. An
  /// empty key has no order to keep. Pure, 255 bytes of UTF-8 at most.
  std::function<std::string(const RecordedEvent&)> key{};
  /// How often an event is tried, and how long after. A handler waits before the event that failed; those that shared
  /// its reading of the log do not wait with it.
  RetryPolicy retry = event_retry_policy();
  AfterRetries after_retries = AfterRetries::park;
  /// Whether its dead letters are tried again by themselves (AutomaticRedrive).
  std::optional<RedrivePolicy> redrive{};
  /// How often the process may end in the middle of an event before that is parked: see Runner. 0 counts as 1.
  std::uint32_t crash_attempts_max = 2;
};

}  // namespace cairn
