#pragma once

#include <cairn/core/result.hpp>

namespace cairn {

class SqlReader;
class Unit;

/// Something that keeps, in memory, what the database also holds (the log's heads and positions), and so must
/// follow each transaction: change with a unit, be undone with its savepoint, be published after COMMIT.
/// All calls come on the writer's thread, closed() when that has ended. Between begin and published/abandoned a group
/// is open; savepoints nest.
class CommitParticipant {
 public:
  virtual ~CommitParticipant() = default;

  /// A savepoint was opened (a unit, or Unit::nested).
  virtual void savepoint_opened() = 0;
  /// The innermost savepoint was released into the one around it, or into the group.
  virtual void savepoint_released() = 0;
  /// The innermost savepoint was rolled back: forget what changed since it was opened.
  virtual void savepoint_rolled_back() = 0;

  /// All units of the group ran; COMMIT comes next. Writes what the group owes. On an error the whole group is undone.
  virtual Result<void> prepare(Unit& unit) = 0;
  /// COMMIT succeeded and is durable: make the group's changes visible to other threads.
  virtual void published() = 0;
  /// The group's transaction was rolled back as a whole: forget what changed since the last published(), savepoints
  /// that are still open included. The same units may come again.
  virtual void abandoned() = 0;

  /// True while there is background work (an index to flush) that can be done in slices when nobody waits.
  [[nodiscard]] virtual bool has_idle_work() const = 0;
  /// One bounded slice of it, run as a unit of its own.
  virtual Result<void> idle_work(Unit& unit) = 0;

  /// The connection is new (open, recover): drop everything remembered and read it again.
  virtual Result<void> reload(SqlReader& reader) = 0;

  /// The database fenced itself: nothing is committed before the next reload().
  virtual void fenced() = 0;
  /// The database closes: nothing is committed any more.
  virtual void closed() = 0;
};

}  // namespace cairn
