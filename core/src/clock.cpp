#include <cairn/core/clock.hpp>

namespace cairn {

Timestamp SystemClock::now() const noexcept {
  return std::chrono::floor<Timestamp::duration>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() const noexcept { return std::chrono::steady_clock::now(); }

}  // namespace cairn
