#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>

namespace cairn::log {

// Stored numbers are little endian and unaligned; a big-endian machine needs a byte swap here and nowhere else.
static_assert(std::endian::native == std::endian::little);

/// The number whose first byte is `from[0]`; reads sizeof(Number) bytes.
template <std::integral Number>
[[nodiscard]] inline Number load_little(const std::byte* from) noexcept {
  Number value{};
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Writes sizeof(Number) bytes.
template <std::integral Number>
inline void store_little(std::byte* to, Number value) noexcept {
  std::memcpy(to, &value, sizeof value);
}

}  // namespace cairn::log
