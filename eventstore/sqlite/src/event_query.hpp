#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include <cairn/eventstore/read_options.hpp>

namespace cairn::events_table {

/// Which events a cursor of the table goes through, and in which order of positions. A superset of what the statement
/// asks for is right: SQLite checks every condition again.
struct EventQuery {
  enum class By : std::uint8_t { position, stream, type, category };
  static constexpr std::uint64_t unbounded = std::numeric_limits<std::int64_t>::max();

  By by = By::position;
  std::string name{};  ///< of the stream, type or category
  std::uint64_t position_min = 1;
  std::uint64_t position_max = unbounded;
  std::uint64_t revision_min = 0;  ///< by stream only, as is the next
  std::uint64_t revision_max = unbounded;
  Direction direction = Direction::forward;
};

}  // namespace cairn::events_table
