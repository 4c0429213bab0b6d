#include "runner_desk.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <cairn/core/call_user.hpp>

namespace cairn::delivery {

RunnerDesk::RunnerDesk(const RunnerParts& parts, RunnerOptions with)
    : events{parts.events},
      letters{parts.letters},
      database{parts.events.database()},
      clock{parts.clock},
      random{parts.random},
      logger{parts.logger != nullptr ? *parts.logger : null_logger()},
      metrics{parts.metrics != nullptr ? *parts.metrics : null_metrics()},
      options{std::move(with)} {}

void RunnerDesk::wake() {
  const std::lock_guard lock{mutex};
  if (posted || executor == nullptr) return;
  posted = true;
  executor->post([self = shared_from_this(), start = starts] { self->run(start); });
}

void RunnerDesk::run(std::uint64_t start) {
  {
    const std::lock_guard lock{mutex};
    if (executor == nullptr || start != starts) return;
    posted = false;
    // One at a time, without keeping a thread of the executor waiting.
    if (running) {
      again = true;
      return;
    }
    running = true;
  }
  keep_watch();
  bool more = false;
  {
    const std::lock_guard turn_lock{turn_mutex};
    more = turn();
    if (!more) set_timer();
  }
  {
    const std::lock_guard lock{mutex};
    running = false;
    more = std::exchange(again, false) || more;
    ended.notify_all();
  }
  if (more) wake();
}

void RunnerDesk::halt() {
  TimerHandle retry_timer;
  TimerHandle hung_timer;
  std::unique_lock lock{mutex};
  executor = nullptr;
  ended.wait(lock, [this] { return !running && looking == 0; });
  timers = nullptr;
  posted = false;
  watching = false;
  retry_timer = std::exchange(timer, {});
  hung_timer = std::exchange(watch_timer, {});
}

Executor* RunnerDesk::executor_now() const {
  const std::lock_guard lock{mutex};
  return executor;
}

void RunnerDesk::set_timer() {
  std::optional<SteadyTime> next;
  for (const auto& lane : lanes) {
    const auto until = lane->waits_until();
    if (until && *until != SteadyTime::max()) next = std::min(next.value_or(*until), *until);
  }
  const std::lock_guard lock{mutex};
  timer = {};
  if (!next || timers == nullptr) return;
  timer = timers->at(*next, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  });
}

void RunnerDesk::keep_watch() {
  const std::lock_guard lock{mutex};
  if (watching || timers == nullptr) return;
  watching = true;
  watch_timer = timers->after(options.hung_after / 2, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look_at_watch();
  });
}

void RunnerDesk::look_at_watch() {
  const auto busy = watch.busy();
  std::string hung;
  {
    const std::lock_guard lock{mutex};
    watching = false;
    if (executor == nullptr) return;
    ++looking;
    if (busy && clock.steady_now() - busy->since >= options.hung_after) {
      const bool is_new = reported != busy->position || reported_handler != busy->handler;
      const auto found = names.find(busy->handler);
      if (is_new && found != names.end()) hung = found->second;
      reported = busy->position;
      reported_handler = busy->handler;
    }
  }
  if (!hung.empty()) report_hung(hung, *busy);
  {
    const std::lock_guard lock{mutex};
    --looking;
    ended.notify_all();
    if (!running) return;
  }
  keep_watch();
}

void RunnerDesk::report_hung(const std::string& name, const Watch::Busy& busy) {
  logger.error("runner.handler_hung",
               {{"handler", name}, {"position", busy.position.value}, {"milliseconds", options.hung_after.count()}});
  metrics.counter("cairn_runner_hung_total", {{"handler", name}}).add();
  if (options.on_hung) {
    if (auto progress = board.find(name)) {
      auto told = call_user("runner: on_hung", options.on_hung, complete(*std::move(progress)));
      if (!told) logger.error("runner.on_hung_failed", {{"error", told.error().to_string()}});
    }
  }
  if (options.when_hung == WhenHung::abort && watch.busy() == busy) std::abort();
}

void RunnerDesk::publish(const Handler& handler, bool caught_up, const std::optional<Error>& trouble) {
  Progress progress{.name = handler.name,
                    .state = caught_up ? HandlerState::live : HandlerState::catching_up,
                    .position = handler.position,
                    .handled = handler.handled,
                    .parked = handler.parked};
  if (handler.failing) {
    progress.state = HandlerState::retrying;
    progress.error = handler.failing->error();
    progress.attempts = handler.failing->attempt.number();
  }
  if (trouble) {
    progress.state = HandlerState::retrying;
    progress.error = trouble;
  }
  if (handler.row.paused) {
    progress.state = HandlerState::paused;
    progress.error = handler.row.paused->why;
  } else if (!begun) {
    progress.state = HandlerState::stopped;
  }
  progress.head = events.head();
  handler.lag.set(static_cast<double>(progress.lag()));
  board.put(progress);
}

Progress RunnerDesk::complete(Progress progress) const {
  progress.head = events.head();
  const auto busy = watch.busy();
  if (!busy || clock.steady_now() - busy->since < options.hung_after) return progress;
  const std::lock_guard lock{mutex};
  const auto found = names.find(busy->handler);
  if (found != names.end() && found->second == progress.name) progress.hung_at = busy->position;
  return progress;
}

}  // namespace cairn::delivery
