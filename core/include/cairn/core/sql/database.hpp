#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include <cairn/core/call_user.hpp>
#include <cairn/core/clock.hpp>
#include <cairn/core/log.hpp>
#include <cairn/core/metrics.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/commit_participant.hpp>
#include <cairn/core/sql/database_copy.hpp>
#include <cairn/core/sql/database_options.hpp>
#include <cairn/core/sql/database_report.hpp>
#include <cairn/core/sql/migration.hpp>
#include <cairn/core/sql/read_tx.hpp>
#include <cairn/core/sql/unit.hpp>

namespace cairn {

class Logger;

/// A piece of writing that waits in the commit queue. Most callers use Database::write instead.
class QueuedUnit {
 public:
  virtual ~QueuedUnit() = default;
  /// Fills the unit, on the writer's thread; may be called more than once.
  virtual Result<void> run(Unit& unit) = 0;
  /// Called once, on the writer's thread, when the outcome is known. The object may be destroyed inside.
  /// The writer waits meanwhile: be short, and call nothing that waits for it.
  virtual void finished(Result<void> outcome) = 0;
  /// What this unit counts for in the queue's bound on bytes.
  [[nodiscard]] virtual std::size_t size_bytes() const = 0;
};

/// One SQLite file, one writer, group commit.
///
/// All writing goes through one bounded queue; units that arrive while a sync is running share the next
/// transaction, and each caller returns when its own unit is durable. One unit's refusal does not touch its
/// neighbours. Readers come from a pool and never wait for the writer.
///
/// Outcomes of a write: committed; refused with the unit's own error; `unavailable` or `storage_full` (known
/// not done); `outcome_unknown` (COMMIT itself failed, the rows may be there after a crash; the database fences
/// itself, and every later write is refused with `fenced` until recover()).
///
/// Thread-safe, except attach() and step() (see there).
class Database final {
 public:
  /// Opens or creates the file, takes the lock that makes this process its one owner, and starts the writer.
  /// Errors, each leaving nothing created or changed: not_found (directory missing), invalid (a directory, not
  /// a Cairn store, another page layout, a newer format), busy_owner (number "pid"), unavailable (read-only file
  /// system, I/O), corrupt (first page damaged).
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(DatabaseOptions options, DatabaseParts parts = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Brings `component`'s tables up to the newest of `migrations`, each in one unit.
  /// Errors: invalid (the file has a newer number, or a text that differs from the one applied).
  Result<void> migrate(std::string_view component, std::span<const Migration> migrations);

  /// Adds a participant and loads it. Call before the first write; it must outlive this database or be detached.
  Result<void> attach(CommitParticipant& participant);
  void detach(CommitParticipant& participant);

  /// Runs `f(Unit&)` (returning Result<T> or T) and returns when its effect is durable.
  /// Blocks while the queue is full, at most `queue_timeout`: then `timeout`, known not done.
  /// `size_bytes` is what it counts for in the queue's bound on bytes.
  template <class F>
  auto write(F&& f, std::size_t size_bytes = 0)
      -> decltype(call_user("unit", std::forward<F>(f), std::declval<Unit&>()));

  /// The same for upkeep that nobody waits for: one slice of a long piece of work, in a transaction of its own. It runs
  /// when no other unit has come for a while, or when twice the time that the last slice took has passed since it.
  template <class F>
  auto write_background(F&& f) -> decltype(call_user("unit", std::forward<F>(f), std::declval<Unit&>()));

  /// Queues `unit` and returns; it stays alive until finished(). Errors (the unit was not queued and finished()
  /// is not called): timeout (queue full), fenced, cancelled (closing), invalid (called from inside a unit).
  /// May be called from finished(), where it does not wait for room.
  Result<void> submit(QueuedUnit& unit);

  /// A read transaction from the pool. Errors: timeout (all readers busy for `read_timeout`), unavailable,
  /// invalid (called from inside a unit: use the unit's own queries; or from finished()), cancelled (closed).
  Result<ReadTx> read();

  /// Brings a fenced database back in place: fails what is queued as known not done, waits for read
  /// transactions, writes the write-ahead log again and syncs it, reopens, copies it into the file, reloads
  /// participants, raises the epoch. Also allowed when not fenced.
  /// Errors, after which it is fenced and recover() may be tried again: timeout (read transactions are open for
  /// `read_timeout`; not fenced by this), unavailable, storage_full, corrupt.
  Result<void> recover();

  /// Copies the store into a file of its own while writes go on, without holding back the write-ahead log. The copy is
  /// the state of one moment between two commits, near the end of the call. It is made on the writer's thread in steps
  /// of `step_pages`, more only when a commit wrote more or SQLite had to start over, so that a commit waits for one
  /// step at most; a slow target makes the steps slow. Durable on return; what else holds for the target is said at
  /// restore_database, as are the errors. Besides those: corrupt (names the page of this store), fenced, unavailable
  /// (recovered meanwhile), cancelled (closed), invalid (called from inside a unit).
  [[nodiscard]] Result<DatabaseCopy> backup(const DatabaseBackup& backup);
  /// The backup this store was made of, if it was. Errors: those of read().
  [[nodiscard]] Result<std::optional<StoreOrigin>> origin();

  /// Refuses new work, drains the queue, checkpoints, releases the lock. Idempotent; the destructor calls it and
  /// logs what it returns. Errors: timeout (read transactions are open for `read_timeout`: end them and call again),
  /// and those of the checkpoint, after which the store is closed all the same and recovers when next opened.
  Result<void> close();

  /// Stepped mode only (`WriterMode::stepped`): runs one group of at most `units_max` queued units on the
  /// calling thread, or a background unit or one slice of idle work when no other is queued; false when there was
  /// nothing to do. In stepped mode write() steps by itself until its unit is finished.
  Result<bool> step(std::size_t units_max);

  /// For a call that waits until something is committed: whether it may, on this thread. Errors: invalid (inside a
  /// unit or a completion, where it would wait for itself; names `call`).
  [[nodiscard]] Result<void> may_wait(std::string_view call) const;
  [[nodiscard]] WriterMode writer_mode() const noexcept;
  [[nodiscard]] bool fenced() const noexcept;
  [[nodiscard]] std::uint64_t epoch() const noexcept;
  [[nodiscard]] DatabaseStatistics statistics() const;
  /// How the database stands: sizes, the write-ahead log, who reads. Takes one short read transaction and nothing of
  /// the writer's. Errors: those of read().
  [[nodiscard]] Result<DatabaseReport> report();
  [[nodiscard]] const std::filesystem::path& file() const noexcept;
  /// What it was opened with, for the parts that are built on it.
  [[nodiscard]] Logger& logger() const noexcept;

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  enum class Turn : bool { usual, background };
  Result<void> run_blocking(QueuedUnit& unit, Turn turn);
  template <class F>
  auto run_waiting(F& function, std::size_t size_bytes, Turn turn);
  template <class F, class R>
  class WaitingUnit;

  std::unique_ptr<Impl> impl_;
};

}  // namespace cairn

#include <cairn/core/sql/database_write.ipp>
