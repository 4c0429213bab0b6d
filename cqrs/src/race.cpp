#include <cairn/cqrs/race.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <semaphore>

#include <cairn/core/timers.hpp>

namespace cairn::detail {

bool Race::again(Attempt lost, const Error& conflict) {
  std::optional<std::chrono::microseconds> delay;
  {
    const std::lock_guard lock{mutex_};
    delay = policy_.next_delay(lost, conflict, random_);
  }
  if (!delay) return false;
  if (timers_ == nullptr || *delay <= std::chrono::microseconds::zero()) return true;
  // Shared, because the timer may still be returning from release() when acquire() has.
  const auto elapsed = std::make_shared<std::binary_semaphore>(0);
  timers_->after(*delay, [elapsed] { elapsed->release(); }).release();
  elapsed->acquire();
  return true;
}

}  // namespace cairn::detail
