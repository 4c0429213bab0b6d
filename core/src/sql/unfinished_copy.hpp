#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/database_copy.hpp>
#include <cairn/core/sql/database_options.hpp>

namespace cairn::sql {

class Connection;
class OwnerLock;
class StoreFile;

/// Between two steps of `what`: tells who listens, and whether to go on. Errors: cancelled, handler_failed.
[[nodiscard]] Result<void> between_steps(std::string_view what, const CopyOptions& options,
                                         const CopyProgress& progress);

/// A copy on its way to its name. Until finish() it stands beside its target under a name that nothing opens, and goes
/// with this object.
class UnfinishedCopy final {
 public:
  /// Nothing of the target is there, and nobody else copies to it. Errors: those of StoreFile::locate, already_exists,
  /// busy_owner, unavailable.
  [[nodiscard]] static Result<std::unique_ptr<UnfinishedCopy>> begin(const DatabaseOptions& target);
  ~UnfinishedCopy();
  UnfinishedCopy(const UnfinishedCopy&) = delete;
  UnfinishedCopy& operator=(const UnfinishedCopy&) = delete;

  [[nodiscard]] const StoreFile& file() const noexcept { return *file_; }
  /// All pages are there and nobody has the file open: notes in it that it is a backup of a moment with this `mark`, or
  /// (no mark) that it was restored from the backup it is a copy of; syncs it and gives it its name.
  /// Errors: invalid (no backup was restored), storage_full, unavailable, corrupt.
  Result<DatabaseCopy> finish(std::optional<std::uint64_t> mark, Timestamp now);

 private:
  UnfinishedCopy(std::unique_ptr<StoreFile> target, std::unique_ptr<StoreFile> file, std::unique_ptr<OwnerLock> lock);
  Result<std::uint64_t> note(std::optional<std::uint64_t> mark, Timestamp now) const;

  std::unique_ptr<StoreFile> target_;
  std::unique_ptr<StoreFile> file_;
  std::unique_ptr<OwnerLock> lock_;
};

}  // namespace cairn::sql
