#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <cairn/core/clock.hpp>
#include <cairn/core/log.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/commit_participant.hpp>
#include <cairn/core/sql/unit.hpp>

namespace cairn {
class QueuedUnit;
}

namespace cairn::sql {

class Connection;
struct WriterCounters;

/// Runs units as one transaction, each in a savepoint, and finds out who is to blame when that fails.
///
/// - A unit fails (its own error, an exception, a constraint, wrong SQL): its savepoint is undone; the others commit.
/// - The transaction fails for one unit's sake (rolled back by a statement, refused by COMMIT or by prepare(), a
/// damaged
///   page): all is undone; the units run again, one to a transaction; the guilty one gets its error.
/// - The machine fails before COMMIT (I/O, memory): all is undone; every unit gets `unavailable`.
/// - There is no room on the disk, before or in COMMIT: all is undone; every unit gets `storage_full`.
/// - COMMIT fails in any other way: every unit gets `outcome_unknown`; broken().
/// - Memory runs out after COMMIT: the units succeed, and the database is fenced until recover(); broken().
/// - ROLLBACK fails: nothing was committed, but what the connection holds is not known; broken().
///
/// A unit that was refused gets the group's error, too, when the group is undone: what it was refused for may have
/// been another unit's writing. Used on the writer's thread only.
class GroupCommit final {
 public:
  struct Setting {
    const Clock& clock;
    Logger& logger;
    WriterCounters& counters;
    std::chrono::microseconds unit_budget;
    std::uint64_t epoch;
    std::size_t units_max;  ///< of a group
    /// Called before the units of the group that broke the connection are finished.
    std::function<void(const Error&)> on_broken;
  };

  GroupCommit(Connection& connection, const std::vector<CommitParticipant*>& participants, Setting setting);
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  /// Runs `group` and finishes each of its units, in order, when the outcome is published. Nothing is run, and all
  /// get `fenced`, once the connection is broken.
  void run(std::span<QueuedUnit* const> group);

  /// While there is a reason, groups that only read go on, and a group that wrote is undone: each unit gets `reason`.
  void refuse_writes(std::optional<Error> reason) { write_refusal_ = std::move(reason); }

  /// Has `participant` read what it keeps, in a read transaction on the writer's connection.
  Result<void> reload(CommitParticipant& participant);

  /// Why nothing may be written through this connection any more.
  [[nodiscard]] const std::optional<Error>& broken() const noexcept { return broken_; }
  /// The whole of a migration's text, as part of `unit`.
  [[nodiscard]] static Result<void> exec_script(Unit& unit, std::string_view sql);

 private:
  friend class cairn::Unit;

  enum class Verdict : unsigned char {
    settled,      // every unit has its outcome
    find_guilty,  // all is undone for the sake of one of several
  };

  Verdict attempt(std::span<QueuedUnit* const> group);
  Verdict run_transaction(std::span<QueuedUnit* const> group);
  [[nodiscard]] int begin();
  Verdict run_units(std::span<QueuedUnit* const> group);
  Verdict commit(std::span<QueuedUnit* const> group);
  void publish();
  /// Undoes everything and decides who hears of it: all, or the guilty one.
  Verdict fail_all(const Error& error);
  Verdict blame(Error error);
  [[nodiscard]] std::optional<Verdict> check();
  Result<void> run_unit(QueuedUnit& unit);
  Result<void> prepare(Unit& unit);
  void undo();
  void deliver(std::span<QueuedUnit* const> group);

  [[nodiscard]] std::optional<Error> transaction_ended() const;
  Result<void> open_savepoint();
  Result<void> close_savepoint(bool keep);
  [[nodiscard]] Error savepoint_failed(int code, std::string_view what);
  [[nodiscard]] std::uint64_t epoch() const noexcept { return setting_.epoch; }

  Connection& connection_;
  const std::vector<CommitParticipant*>& participants_;
  Setting setting_;
  std::vector<Result<void>> outcomes_;    // of the present attempt, one for each unit
  std::optional<Error> savepoint_error_;  // a savepoint could not be opened or closed: the group is unusable
  std::optional<Error> write_refusal_;
  std::optional<Error> broken_;
  bool told_broken_ = false;
};

}  // namespace cairn::sql
