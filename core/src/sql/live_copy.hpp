#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include <cairn/core/error.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/database_copy.hpp>

struct sqlite3_backup;

namespace cairn::sql {

class Connection;
class StoreFile;

/// A copy of a store that is being written: SQLite's online backup (https://sqlite.org/backup.html) on the writer's own
/// connection. SQLite then repeats each later change of a page that was copied already, so the copy does not start over
/// with a commit, and when its last step is done it is the store of that moment. After a rollback it may start over.
/// begin(), step() and end() belong to the writer's thread. The writer holds on to it until it has ended.
class LiveCopy final {
 public:
  /// `into`: a file that is not there.
  LiveCopy(std::unique_ptr<StoreFile> into, std::uint32_t step_pages, std::function<std::uint64_t()> mark);
  ~LiveCopy();
  LiveCopy(const LiveCopy&) = delete;
  LiveCopy& operator=(const LiveCopy&) = delete;

  /// Creates the file. Before begin(), on any thread. Errors: storage_full, unavailable.
  Result<void> create();
  Result<void> begin(Connection& source);
  /// Copies `step_pages`, more only if the store grew by more or the copy started over; with the last ones it takes the
  /// mark. Errors: why SQLite
  /// could not; what end() was told.
  Result<CopyProgress> step();
  /// Lets go of both connections. `why` is what further steps return.
  void end(std::optional<Error> why);

  /// After the last step.
  [[nodiscard]] bool complete() const noexcept { return complete_; }
  [[nodiscard]] std::uint64_t mark() const noexcept { return mark_; }
  [[nodiscard]] const StoreFile& file() const noexcept { return *file_; }

 private:
  [[nodiscard]] Error failed(int code) const;

  std::unique_ptr<StoreFile> file_;
  std::uint64_t step_pages_;
  std::function<std::uint64_t()> take_mark_;
  std::unique_ptr<Connection> into_;
  Connection* source_ = nullptr;
  sqlite3_backup* backup_ = nullptr;
  std::optional<Error> ended_;
  std::uint64_t total_ = 0;   // pages of the source at the last step but one
  std::uint64_t copied_ = 0;  // pages by the last step
  std::uint64_t mark_ = 0;
  bool complete_ = false;
};

}  // namespace cairn::sql
