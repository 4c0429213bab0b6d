#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <cairn/eventstore/event_query.hpp>
#include <cairn/eventstore/global_position.hpp>
#include <cairn/eventstore/revision.hpp>

namespace cairn {

enum class Direction : std::uint8_t { forward, backward };

/// Which events of the log to read; all parts must hold.
struct EventFilter {
  std::optional<std::string> category{};       ///< served by an index
  std::optional<std::string> stream_prefix{};  ///< tests each stream name; no index
  EventQuery query{};                          ///< types and tags; served by indexes
  bool system = false;                         ///< include streams beginning with '$'

  [[nodiscard]] bool matches_everything() const noexcept {
    return !category && !stream_prefix && query.empty() && system;
  }
};

/// Bounds are inclusive. Backward reads start at `from` (or the head) and end at `to` (or the beginning).
struct ReadAll {
  Direction direction = Direction::forward;
  std::optional<GlobalPosition> from{};
  std::optional<GlobalPosition> to{};
  EventFilter filter{};
  std::uint64_t events_max = std::numeric_limits<std::uint64_t>::max();
  /// Bytes one step copies out, about: larger steps are fewer, but hold the read transaction longer.
  std::size_t step_bytes = 256U << 10U;
};

struct ReadStream {
  Direction direction = Direction::forward;
  std::optional<Revision> from{};
  std::optional<Revision> to{};
  std::uint64_t events_max = std::numeric_limits<std::uint64_t>::max();
  std::size_t step_bytes = 256U << 10U;
};

}  // namespace cairn
