#pragma once

#include <chrono>
#include <cstdint>

namespace travel_expenses {

/// 0 when no time passed.
[[nodiscard]] inline std::uint64_t per_second(std::uint64_t count, std::chrono::nanoseconds time) noexcept {
  const double seconds = std::chrono::duration<double>(time).count();
  return seconds <= 0 ? 0 : static_cast<std::uint64_t>(static_cast<double>(count) / seconds);
}

}  // namespace travel_expenses
