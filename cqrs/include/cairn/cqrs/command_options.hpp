#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <cairn/core/retry_policy.hpp>
#include <cairn/core/uuid.hpp>
#include <cairn/eventstore/metadata.hpp>
#include <cairn/eventstore/snapshots.hpp>

namespace cairn {

class CommandOutcomes;
class Timers;

/// What is said about one command.
struct CommandOptions {
  /// Makes the command idempotent: the first outcome is recorded with its events, and a repeat is answered with it. A
  /// UUIDv7 that whoever sends the command has made once; the ids of its events are derived from it. Needs
  /// CommandHandlerParts::outcomes.
  std::optional<Uuid> command_id{};
  /// Of each of its events, which adds the tags of its own (a member `tags()`). Without a correlation id the command id
  /// begins a conversation, and without a causation id it is what caused the events.
  Metadata metadata{};
};

/// What to do when every race was lost.
enum class AfterRaces : std::uint8_t {
  /// Decide in the unit that appends, where nobody can come between. `decide` and `evolve` then run on the writer's
  /// thread, so they should take microseconds.
  decide_in_unit,
  /// Give the conflict to the caller.
  give_up,
};

struct CommandHandlerOptions {
  /// States kept warm, so that a command reads nothing: so many, and so many bytes as far as states say what they hold
  /// outside of themselves (a member `size_bytes() const`). 0: none.
  std::size_t cache_entries = 10'000;
  std::size_t cache_bytes = 64U << 20U;
  /// For a state that is a SnapshotState. A snapshot that is due lands with the events that made it due.
  SnapshotPolicy snapshots{};
  /// Attempts to decide first and append then, and how long to wait in between; a lost race needs no wait, so the
  /// default has none. A back-off needs CommandHandlerParts::timers.
  RetryPolicy races{.max_attempts = 2, .backoff = immediate()};
  AfterRaces after_races = AfterRaces::decide_in_unit;
};

/// What a handler is handed; a null pointer means that it does without. They must outlive it.
struct CommandHandlerParts {
  CommandOutcomes* outcomes = nullptr;  ///< for commands with an id
  Timers* timers = nullptr;             ///< for waits between attempts
};

}  // namespace cairn
