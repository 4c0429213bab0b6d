#include <cairn/core/system_timers.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "timer_queue.hpp"

namespace cairn {
namespace {

// Waits are added to the steady clock's present inside the standard library, which would overflow.
constexpr std::chrono::nanoseconds longest_wait = std::chrono::hours{1};

}  // namespace

struct SystemTimers::State {
  std::mutex mutex;
  std::condition_variable_any changed;
  bool looked_away = false;  // a timer was set since run() last computed its wait
  TimerQueue queue;
};

SystemTimers::SystemTimers(const Clock& clock, Executor& executor, SystemTimersOptions options)
    : clock_{clock}, executor_{executor}, options_{options}, state_{std::make_unique<State>()} {}

SystemTimers::~SystemTimers() = default;

void SystemTimers::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    run_due();
    std::unique_lock lock{state_->mutex};
    const auto left = state_->queue.until_next({clock_.steady_now(), clock_.now()});
    std::chrono::nanoseconds wait = std::min(left.value_or(longest_wait), longest_wait);
    if (state_->queue.waits_for_wall_clock()) {
      wait = std::min<std::chrono::nanoseconds>(wait, options_.wall_clock_check);
    }
    state_->looked_away = false;
    state_->changed.wait_for(lock, stop, wait, [this] { return state_->looked_away; });
  }
}

std::size_t SystemTimers::run_due() {
  const TimerQueue::Now now{clock_.steady_now(), clock_.now()};
  std::unique_lock lock{state_->mutex};
  // What the jobs set meanwhile waits for the next round, so that a timer without delay cannot hold this one.
  const std::uint64_t set_before = state_->queue.next_id();
  std::size_t posted = 0;
  while (Job job = state_->queue.take_due(now, set_before)) {
    lock.unlock();
    executor_.post(std::move(job));
    ++posted;
    lock.lock();
  }
  return posted;
}

SteadyTime SystemTimers::timer_now() const noexcept { return clock_.steady_now(); }

std::uint64_t SystemTimers::set_steady(SteadyTime time, Job job) {
  const std::lock_guard lock{state_->mutex};
  const std::uint64_t id = state_->queue.add(time, std::move(job));
  state_->looked_away = true;
  state_->changed.notify_all();
  return id;
}

std::uint64_t SystemTimers::set_wall(Timestamp time, Job job) {
  const std::lock_guard lock{state_->mutex};
  const std::uint64_t id = state_->queue.add(time, std::move(job));
  state_->looked_away = true;
  state_->changed.notify_all();
  return id;
}

bool SystemTimers::cancel_timer(std::uint64_t id) noexcept {
  Job job;  // destroyed after the lock is gone
  const std::lock_guard lock{state_->mutex};
  job = state_->queue.take(id);
  return static_cast<bool>(job);
}

}  // namespace cairn
