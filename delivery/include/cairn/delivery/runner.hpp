#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/delivery/event_handler.hpp>
#include <cairn/delivery/progress.hpp>

namespace cairn {

class Clock;
class DeadLetters;
class EventStore;
class Executor;
class Logger;
class Metrics;
class Random;
class Timers;

namespace delivery {
struct RunnerDesk;
}

/// What to do about a handler that does not come back.
enum class WhenHung : std::uint8_t {
  report,  ///< log and measure it, show it in Progress, call `on_hung`
  abort,   ///< that, and end the process (std::abort): whoever restarts it goes on, and the event becomes a suspect
};

struct RunnerOptions {
  /// Events of one step at most: what is taken one at a time after a crash.
  std::size_t step_events_max = 10'000;
  /// Time a step takes on the writer's thread before others get their turn, one event at least.
  std::chrono::microseconds step_budget{4'000};
  /// Bytes of the log that a reading holds, about.
  std::size_t batch_bytes = 2U << 20U;
  /// How long a handler may be busy with one event before it is reported. Needs timers: see start().
  std::chrono::milliseconds hung_after{30'000};
  WhenHung when_hung = WhenHung::report;
  /// Called on a timer's thread, once for each event that hangs. Must not start or stop the runner.
  std::function<void(const Progress&)> on_hung{};
};

/// What a runner is handed; all must outlive it. Null: no logging, no measuring.
struct RunnerParts {
  EventStore& events;
  DeadLetters& letters;
  Clock& clock;
  Random& random;  ///< spreads retries; used by one thread at a time
  Logger* logger = nullptr;
  Metrics* metrics = nullptr;
};

/// Hands the log's events to handlers: in order, each event's effect in the store once, over crashes and restarts.
///
///     runner.add("balances", [&](Unit& unit, const RecordedEvent& event) { return add_to_balance(unit, event); },
///                {.filter = {.category = "account"}});
///     runner.start(executor, timers);
///     runner.wait_for("balances", appended.position, 5s);   // read your own writes
///
/// Handlers share one reading of the log. One that is behind, because it is new, waits to try again, or was paused,
/// reads for itself until it has caught up. A step hands out as many events as fit its budget and commits them with
/// the checkpoint of each handler.
///
/// An event that fails is tried again as its policy says, and then parked in the dead letter queue of the handler's
/// name, in the unit that moves the checkpoint past it; later events of its key wait behind it (sequenced dead
/// letters, after Axon). A redrive calls the handler again, with the payload the letter then has.
///
/// An event in the middle of which the process ends is found out without a sync of its own. Each step's commit says
/// how many events the next one may take. After an unclean end as many are suspects: they are taken one at a time, the
/// attempt committed first, and one that ends the process `crash_attempts_max` times more is parked. No policy
/// tries that again by itself; whoever redrives it may end the process once more.
///
/// Thread-safe. No call may be made from inside a unit.
class Runner final {
 public:
  /// Creates or migrates its table. Errors: invalid (an option that is 0 or less; names it), and those of
  /// Database::migrate.
  [[nodiscard]] static Result<std::unique_ptr<Runner>> open(RunnerParts parts, RunnerOptions options = {});
  /// Stops; an error of that goes to the logger.
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Adds a handler, which goes on after its checkpoint. `name` (1 to 255 bytes of UTF-8) is that of its checkpoint,
  /// its dead letters and its metrics: keep it. Errors: invalid (the name, no function), already_exists, and those of a
  /// write.
  Result<void> add(const std::string& name, EventHandler function, HandlerOptions options = {});
  /// Takes a handler away; its checkpoint and its dead letters stay. Errors: not_found, and those of a write.
  Result<void> remove(std::string_view name);
  /// A paused handler is given nothing of the log, also after a restart, until it is resumed. Redrives of its dead
  /// letters still call it, as they do while the runner is stopped. Errors: as remove().
  Result<void> pause(std::string_view name);
  Result<void> resume(std::string_view name);

  /// From now on runs on `executor`, which runs jobs later or elsewhere, not within post(), whenever there is
  /// something to do: nothing is polled. Errors: invalid (it runs already), and those of a write.
  Result<void> start(Executor& executor, Timers& timers);
  /// Ends the step under way and begins no other, and records that the process may end. start() goes on.
  /// Errors: those of a write.
  Result<void> stop();
  /// One step of each reading on the calling thread; false when there was nothing to do. For programs and tests that
  /// drive it themselves. Errors: invalid (called from inside a unit), and those of a write before the first step.
  Result<bool> run_once();

  [[nodiscard]] std::vector<Progress> progress() const;  ///< of all handlers, by name
  /// Errors: not_found.
  [[nodiscard]] Result<Progress> progress(std::string_view name) const;
  /// How often the log is read at the moment: 1 when all handlers have caught up and none waits.
  [[nodiscard]] std::size_t readings() const noexcept;
  /// Returns when the handler has handled everything up to `position`. Never waits with a stepped writer.
  /// Errors: timeout (number "position": how far it is), not_found, unavailable (it is paused; names why), cancelled
  /// (`stop` requested, or the runner is stopped or destroyed), invalid (called from inside a unit).
  [[nodiscard]] Result<void> wait_for(std::string_view name, GlobalPosition position, std::chrono::nanoseconds timeout,
                                      std::stop_token stop = {}) const;

 private:
  explicit Runner(std::shared_ptr<delivery::RunnerDesk> desk) noexcept;
  std::shared_ptr<delivery::RunnerDesk> desk_;
};

}  // namespace cairn
