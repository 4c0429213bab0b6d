#include "watch.hpp"

namespace cairn::delivery {

void Watch::begin(std::uint64_t handler, GlobalPosition position, SteadyTime now) noexcept {
  position_.store(position.value, std::memory_order_relaxed);
  since_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  handler_.store(handler, std::memory_order_release);
}

std::optional<Watch::Busy> Watch::busy() const noexcept {
  const std::uint64_t handler = handler_.load(std::memory_order_acquire);
  if (handler == 0) return std::nullopt;
  return Busy{.handler = handler,
              .position = {position_.load(std::memory_order_relaxed)},
              .since = SteadyTime{SteadyTime::duration{since_.load(std::memory_order_relaxed)}}};
}

}  // namespace cairn::delivery
