#pragma once

#include <compare>
#include <cstdint>

namespace cairn {

/// Place of an event in the whole log: from 1, in commit order, never reused. 0 stands before the first event.
/// Callers must not assume density: a position may be missing after scavenge.
struct GlobalPosition {
  std::uint64_t value = 0;
  friend auto operator<=>(GlobalPosition, GlobalPosition) = default;
};

}  // namespace cairn
