#include <cairn/core/simulated_clock.hpp>

#include <limits>
#include <mutex>
#include <utility>

#include <cairn/core/invariant.hpp>

#include "saturating_time.hpp"
#include "timer_queue.hpp"

namespace cairn {
namespace {

constexpr std::uint64_t any_timer = std::numeric_limits<std::uint64_t>::max();

}  // namespace

struct SimulatedClock::State {
  explicit State(Timestamp start) : now{SteadyTime{std::chrono::hours{1}}, start} {}

  void move(std::chrono::nanoseconds step) {
    now.steady = later(now.steady, step);
    const std::chrono::nanoseconds whole = now.past_wall + step % std::chrono::microseconds{1};
    const auto microseconds =
        std::chrono::floor<std::chrono::microseconds>(step) + std::chrono::floor<std::chrono::microseconds>(whole);
    now.wall =
        Timestamp{std::chrono::microseconds{saturating_add(now.wall.time_since_epoch().count(), microseconds.count())}};
    now.past_wall = whole % std::chrono::microseconds{1};
  }

  mutable std::mutex mutex;
  TimerQueue::Now now;
  TimerQueue queue;
};

SimulatedClock::SimulatedClock(Timestamp start) : state_{std::make_unique<State>(start)} {}
SimulatedClock::~SimulatedClock() = default;

Timestamp SimulatedClock::now() const noexcept {
  const std::lock_guard lock{state_->mutex};
  return state_->now.wall;
}

SteadyTime SimulatedClock::steady_now() const noexcept {
  const std::lock_guard lock{state_->mutex};
  return state_->now.steady;
}

std::size_t SimulatedClock::advance(std::chrono::nanoseconds step) {
  invariant(step.count() >= 0, "SimulatedClock::advance backwards");
  std::unique_lock lock{state_->mutex};
  const SteadyTime target = later(state_->now.steady, step);
  std::size_t fired = 0;
  for (;;) {
    const std::optional<std::chrono::nanoseconds> next = state_->queue.until_next(state_->now);
    if (!next || *next > until(target, state_->now.steady)) break;
    state_->move(*next);
    Job job = state_->queue.take_due(state_->now, any_timer);
    if (!job) break;  // set for the end of time, which is further away than can be said
    lock.unlock();
    job();
    job = {};
    ++fired;
    lock.lock();
  }
  // A job may itself have advanced, past where this call was going.
  if (const std::chrono::nanoseconds left = until(target, state_->now.steady); left.count() > 0) state_->move(left);
  return fired;
}

bool SimulatedClock::advance_to_next() {
  const std::optional<std::chrono::nanoseconds> next = next_timer();
  return next && advance(*next) > 0;
}

std::optional<std::chrono::nanoseconds> SimulatedClock::next_timer() const {
  const std::lock_guard lock{state_->mutex};
  return state_->queue.until_next(state_->now);
}

void SimulatedClock::set_wall_clock(Timestamp now) {
  const std::lock_guard lock{state_->mutex};
  state_->now.wall = now;
  state_->now.past_wall = {};
}

SteadyTime SimulatedClock::timer_now() const noexcept { return steady_now(); }

std::uint64_t SimulatedClock::set_steady(SteadyTime time, Job job) {
  const std::lock_guard lock{state_->mutex};
  return state_->queue.add(time, std::move(job));
}

std::uint64_t SimulatedClock::set_wall(Timestamp time, Job job) {
  const std::lock_guard lock{state_->mutex};
  return state_->queue.add(time, std::move(job));
}

bool SimulatedClock::cancel_timer(std::uint64_t id) noexcept {
  Job job;  // destroyed after the lock is gone
  const std::lock_guard lock{state_->mutex};
  job = state_->queue.take(id);
  return static_cast<bool>(job);
}

}  // namespace cairn
