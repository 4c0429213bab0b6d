#include <cairn/dlq/automatic_redrive.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include <cairn/core/executor.hpp>
#include <cairn/core/log.hpp>
#include <cairn/core/timers.hpp>
#include <cairn/dlq/dead_letters.hpp>

namespace cairn {

namespace {

constexpr std::size_t letters_of_a_turn = 16;
constexpr std::chrono::minutes retry_after{1};

}  // namespace

/// Shared with the jobs it has posted, some of which may run when its owner is gone.
struct AutomaticRedrive::State : std::enable_shared_from_this<State> {
  State(DeadLetters& on, Timers& at, Executor& by, Logger& to) : letters{on}, timers{at}, executor{by}, logger{to} {}

  /// Has run() called once more; any thread.
  void wake() {
    const std::lock_guard lock{mutex};
    post();
  }

  void run() {
    {
      const std::lock_guard lock{mutex};
      posted = false;
      if (stop.stop_requested()) return;
      // One at a time, without keeping a thread of the executor waiting.
      if (running) {
        again = true;
        return;
      }
      running = true;
    }
    turn();
    const std::lock_guard lock{mutex};
    running = false;
    if (std::exchange(again, false)) post();
    ended.notify_all();
  }

  void turn() {
    auto tried = letters.redrive_due(letters_of_a_turn, stop.get_token());
    if (!tried) return try_later(tried.error());
    if (!tried->done) return wake();
    auto next = letters.next_due();
    if (!next) return try_later(next.error());
    const std::lock_guard lock{mutex};
    timer = {};
    if (!*next || stop.stop_requested()) return;
    timer = timers.at(**next, [self = shared_from_this()] { self->wake(); });
  }

  void try_later(const Error& error) {
    if (error.code() != Errc::cancelled) {
      logger.warning("dlq.automatic_redrive_failed", {{"error", error.to_string()}});
    }
    const std::lock_guard lock{mutex};
    if (stop.stop_requested()) return;
    timer = timers.after(retry_after, [self = shared_from_this()] { self->wake(); });
  }

  void end() {
    stop.request_stop();
    letters.on_due_changed({});
    std::unique_lock lock{mutex};
    ended.wait(lock, [this] { return !running; });
    timer = {};
  }

  DeadLetters& letters;
  Timers& timers;
  Executor& executor;
  Logger& logger;
  std::stop_source stop;
  std::mutex mutex;
  std::condition_variable ended;
  bool posted = false;   ///< a job that has not begun
  bool running = false;  ///< a job that has
  bool again = false;    ///< woken meanwhile
  TimerHandle timer;

 private:
  void post() {
    if (posted || stop.stop_requested()) return;
    posted = true;
    executor.post([self = shared_from_this()] { self->run(); });
  }
};

AutomaticRedrive::AutomaticRedrive(DeadLetters& letters, Timers& timers, Executor& executor, Logger* logger)
    : state_{std::make_shared<State>(letters, timers, executor, logger != nullptr ? *logger : null_logger())} {
  letters.on_due_changed([state = state_] { state->wake(); });
  state_->wake();
}

AutomaticRedrive::~AutomaticRedrive() { state_->end(); }

}  // namespace cairn
