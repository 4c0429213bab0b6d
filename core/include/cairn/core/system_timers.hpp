#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>

#include <cairn/core/clock.hpp>
#include <cairn/core/executor.hpp>
#include <cairn/core/timers.hpp>

namespace cairn {

struct SystemTimersOptions {
  /// While a timer for wall-clock time waits, the clock is looked at this often: nothing tells a program that the
  /// clock was set. Steady timers alone cost no wake-ups.
  std::chrono::milliseconds wall_clock_check = std::chrono::seconds{1};
};

/// Timers for a real process. They own no thread: the caller lends one to run(), or calls run_due() from a loop of
/// its own. Due jobs are posted to `executor`; with more than one thread behind it, they may overlap.
/// Jobs still waiting at the end are destroyed without running.
class SystemTimers final : public Timers {
 public:
  SystemTimers(const Clock& clock, Executor& executor, SystemTimersOptions options = {});
  ~SystemTimers() override;

  /// Posts jobs as they become due until `stop` is requested; sleeps in between. One thread at a time.
  void run(const std::stop_token& stop);
  /// Posts what is due now and returns how many jobs that were.
  std::size_t run_due();

 private:
  struct State;

  [[nodiscard]] SteadyTime timer_now() const noexcept override;
  std::uint64_t set_steady(SteadyTime time, Job job) override;
  std::uint64_t set_wall(Timestamp time, Job job) override;
  bool cancel_timer(std::uint64_t id) noexcept override;

  const Clock& clock_;
  Executor& executor_;
  const SystemTimersOptions options_;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
