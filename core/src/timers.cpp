#include <cairn/core/timers.hpp>

#include <utility>

#include "saturating_time.hpp"

namespace cairn {

TimerHandle::TimerHandle(TimerHandle&& other) noexcept
    : timers_{std::exchange(other.timers_, nullptr)}, id_{other.id_} {}

TimerHandle& TimerHandle::operator=(TimerHandle&& other) noexcept {
  if (this != &other) {
    cancel();
    timers_ = std::exchange(other.timers_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

bool TimerHandle::cancel() noexcept {
  Timers* timers = std::exchange(timers_, nullptr);
  return timers != nullptr && timers->cancel_timer(id_);
}

TimerHandle Timers::at(SteadyTime time, Job job) { return {*this, set_steady(time, std::move(job))}; }

TimerHandle Timers::at(Timestamp time, Job job) { return {*this, set_wall(time, std::move(job))}; }

TimerHandle Timers::after(std::chrono::nanoseconds delay, Job job) {
  return at(later(timer_now(), delay), std::move(job));
}

}  // namespace cairn
