#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <cairn/core/clock.hpp>
#include <cairn/core/log.hpp>
#include <cairn/core/metrics.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/commit_participant.hpp>
#include <cairn/core/sql/database_options.hpp>

#include "sql/checkpointer.hpp"
#include "sql/commit_queue.hpp"
#include "sql/connection.hpp"
#include "sql/group_commit.hpp"
#include "sql/live_copy.hpp"
#include "sql/writer_counters.hpp"

namespace cairn::sql {

class ReadPool;
class StoreFile;

/// The one that writes: takes groups from the queue and commits them, checkpoints between commits, does the
/// participants' background work when nobody waits, fences the database and recovers it.
/// Everything but fenced(), epoch() and counters() belongs to one thread: the writer's, or the stepping caller's.
class Writer final {
 public:
  struct Parts {
    const DatabaseOptions& options;
    const StoreFile& store;
    CommitQueue& queue;
    ReadPool& readers;
    const Clock& clock;
    Logger& logger;
    Metrics& metrics;
  };

  explicit Writer(Parts parts);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Errors: those of open_writer.
  Result<void> open();
  /// The life of the writer's thread: until the queue is stopped and empty.
  void run();
  /// One group, or one background unit, or one slice of idle work; false when there was nothing to do.
  bool step(std::size_t units_max);
  /// Runs what is queued, background units as well, and no idle work.
  void drain();
  Result<void> attach(CommitParticipant& participant);
  void detach(CommitParticipant& participant);
  /// Tells the participants that nothing will be committed any more, when run() has returned.
  void tell_closed();
  /// Database::recover().
  Result<void> recover();
  /// Takes up a copy that was created. It is let go of when its last step is done or one failed, by end_copy(), and
  /// when the connection goes. Errors: fenced, and those of LiveCopy::begin.
  Result<void> begin_copy(const std::shared_ptr<LiveCopy>& copy);
  Result<CopyProgress> step_copy(LiveCopy& copy);
  void end_copy(LiveCopy& copy, std::optional<Error> why);
  /// Copies the log into the file and closes it, when no reader is left. The file is closed whatever the outcome.
  Result<void> close();

  [[nodiscard]] bool fenced() const noexcept { return fenced_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_.load(std::memory_order_acquire); }
  [[nodiscard]] const WriterCounters& counters() const noexcept { return counters_; }

 private:
  class IdleUnit;

  Result<void> connect();
  Result<void> reconnect();
  Result<void> make_log_trusted();
  bool run_group(std::size_t units_max);
  bool run_background();
  /// How long until a background unit has its turn, when nobody else has written for `quiet`.
  [[nodiscard]] SteadyTime::duration until_background(SteadyTime::duration quiet) const;
  void run_units();
  bool run_idle_slice();
  void finish(std::span<QueuedUnit* const> units, const Error& outcome);
  void finish_queued(const Error& outcome);
  void checkpoint(const Result<void>& outcome);
  void fence(const Error& reason);
  void tell_fenced();
  void end_copies(const Error& why);

  Parts parts_;
  const std::size_t units_max_;  // of a group; what it takes to answer so many is reserved
  WriterCounters counters_;
  Histogram& commit_seconds_;
  Histogram& commit_units_;
  Gauge& wal_bytes_;
  std::vector<CommitParticipant*> participants_;
  // Nothing between a failed reconnect and the next one. In the order of their making.
  std::unique_ptr<Connection> connection_;
  std::optional<Checkpointer> checkpointer_;
  std::optional<GroupCommit> group_commit_;
  std::vector<std::shared_ptr<LiveCopy>> copies_;  // under way
  std::vector<QueuedUnit*> group_;
  SteadyTime background_next_{};  // when the next background unit has its turn
  std::atomic<bool> fenced_{false};
  std::atomic<std::uint64_t> epoch_{1};
  bool log_trusted_ = true;        // false: what a dead owner left must be written again first
  bool idle_work_failed_ = false;  // until the next commit: the same slice would fail again at once
};

}  // namespace cairn::sql
