#pragma once

#include <cstdint>
#include <cstring>

#include <cairn/core/bytes.hpp>

namespace cairn::bench {

/// The sum of all bytes of `bytes`, eight at a time: reads each of them, and the compiler cannot leave it out when the
/// sum is used.
[[nodiscard]] inline std::uint64_t touch(BytesView bytes) {
  std::uint64_t sum = 0;
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= sizeof(std::uint64_t); left -= sizeof(std::uint64_t), at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    sum += word;
  }
  for (; left > 0; --left, ++at) sum += std::to_integer<std::uint64_t>(*at);
  return sum;
}

/// Says that `value` is used, at no cost.
inline void keep(std::uint64_t value) { asm volatile("" : : "r"(value) : "memory"); }

}  // namespace cairn::bench
