#pragma once

#include <algorithm>
#include <cstddef>

#include <cairn/core/bytes.hpp>

namespace cairn::log {

/// Copies `bytes` to `to`, where there is room, and returns the end of the copy.
/// By std::copy, because gcc 12 makes of std::ranges::copy over a span a loop of single bytes (ten times slower).
inline std::byte* copy_bytes(BytesView bytes, std::byte* to) noexcept {
  return std::copy(bytes.begin(), bytes.end(), to);
}

}  // namespace cairn::log
