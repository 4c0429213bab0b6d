#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <cairn/core/executor.hpp>
#include <cairn/core/log.hpp>
#include <cairn/core/metrics.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/timers.hpp>
#include <cairn/delivery/runner.hpp>
#include <cairn/dlq/dead_letters.hpp>
#include <cairn/eventstore/event_store.hpp>

#include "lane.hpp"
#include "progress_board.hpp"
#include "store_watch.hpp"
#include "watch.hpp"

namespace cairn::delivery {

/// What is behind Runner. Shared with the jobs it has posted, some of which may run when the runner is gone.
struct RunnerDesk : std::enable_shared_from_this<RunnerDesk> {
  RunnerDesk(const RunnerParts& parts, RunnerOptions with);

  // runner.cpp: all with `turn_mutex` held
  Result<void> begin();
  Result<void> end();
  /// Errors: not_found.
  [[nodiscard]] Result<std::shared_ptr<Handler>> find(std::string_view name) const;
  /// Reads what is stored of handlers, and writes what each is to become; after that each knows what is stored.
  Result<void> update(const std::vector<std::shared_ptr<Handler>>& these,
                      const std::function<HandlerRow(const Handler&)>& becomes);
  [[nodiscard]] std::vector<std::shared_ptr<Handler>> all() const;
  void take_out(const Handler& handler);
  /// Makes lanes at one position one; whether there were any.
  bool join_lanes();
  /// One step of each lane; whether there is more to do at once.
  bool turn();

  // runner_desk.cpp: of the jobs; any thread
  /// Has a turn taken on the executor.
  void wake();
  void run(std::uint64_t start);
  /// Waits until no turn and no look at the watch is under way; none begins before start() posts again.
  void halt();
  [[nodiscard]] Executor* executor_now() const;
  void set_timer();
  /// Looks whether a handler hangs, for as long as one is busy.
  void keep_watch();
  void look_at_watch();
  void publish(const Handler& handler, bool caught_up, const std::optional<Error>& trouble);
  void report_hung(const std::string& name, const Watch::Busy& busy);
  /// With what is asked for only when somebody looks.
  [[nodiscard]] Progress complete(Progress progress) const;

  EventStore& events;
  DeadLetters& letters;
  Database& database;
  Clock& clock;
  Random& random;
  Logger& logger;
  Metrics& metrics;
  const RunnerOptions options;

  /// Held by start() and stop(), before the others.
  std::mutex control_mutex;
  /// Held during a turn, and by every call that changes handlers.
  std::mutex turn_mutex;
  std::map<std::string, std::shared_ptr<Handler>, std::less<>> handlers;
  std::vector<std::unique_ptr<Lane>> lanes;
  std::atomic<std::size_t> readings{0};
  std::uint64_t last_id = 0;
  bool begun = false;  ///< from now on the end of the process is an unclean one
  std::atomic<bool> store_came_back{false};
  std::uint32_t turns_waited = 0;  ///< of lanes for others that are near
  ProgressBoard board;
  Watch watch;
  StoreWatch store_watch;

  /// Of the jobs.
  mutable std::mutex mutex;
  std::condition_variable ended;
  Executor* executor = nullptr;  ///< while it runs there
  Timers* timers = nullptr;
  bool posted = false;   ///< a job that has not begun
  bool running = false;  ///< a job that has
  bool again = false;    ///< woken meanwhile
  int looking = 0;       ///< jobs at the watch
  std::uint64_t starts = 0;
  TimerHandle timer;
  TimerHandle watch_timer;
  bool watching = false;
  std::map<std::uint64_t, std::string> names;  ///< by id
  GlobalPosition reported{};                   ///< of the last event that hung
  std::uint64_t reported_handler = 0;
};

}  // namespace cairn::delivery
