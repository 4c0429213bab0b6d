#pragma once

#include <compare>
#include <cstdint>

namespace cairn::test {

/// Names one batch: who appended it, in which life of the store's process, as the how-manieth.
struct BatchKey {
  std::uint32_t round = 0;
  std::uint32_t writer = 0;
  std::uint64_t sequence = 0;
  friend auto operator<=>(const BatchKey&, const BatchKey&) = default;
};

/// What the victim tells through the pipe after an append returned: small enough to be written whole.
struct Acknowledgement {
  BatchKey batch;
  std::uint64_t first_position = 0;
  std::uint64_t events = 0;
};

}  // namespace cairn::test
