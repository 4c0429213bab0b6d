#pragma once

#include <cairn/core/clock.hpp>

namespace cairn {

/// A clock that says what the test put into it.
struct FixedClock final : Clock {
  [[nodiscard]] Timestamp now() const noexcept override { return wall; }
  [[nodiscard]] SteadyTime steady_now() const noexcept override { return steady; }

  Timestamp wall{};
  SteadyTime steady{};
};

}  // namespace cairn
