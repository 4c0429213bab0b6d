#pragma once

#include <compare>
#include <cstdint>

namespace cairn {

/// Place of an event within its stream: 0-based, gap-free.
struct Revision {
  std::uint64_t value = 0;
  friend auto operator<=>(Revision, Revision) = default;
};

}  // namespace cairn
