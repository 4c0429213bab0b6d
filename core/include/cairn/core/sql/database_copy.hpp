#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>

namespace cairn {

class MemoryVfs;

/// How far a copy has come. `total` grows with the store while it is copied.
struct CopyProgress {
  std::uint64_t pages = 0;
  std::uint64_t total = 0;
};

/// What a copy is told beside its source and target.
struct CopyOptions {
  /// Called between two steps, on the thread that asked for the copy. May write to the store; must not close it.
  std::function<void(const CopyProgress&)> on_progress{};
  /// Asked between two steps.
  std::stop_token stop{};
  /// Pages of 8 KiB that one step copies: what a commit may have to wait for.
  std::uint32_t step_pages = 64;
};

/// Where Database::backup copies to, and what is noted beside the copy.
struct DatabaseBackup {
  std::filesystem::path target;  ///< of the store's own kind: on disk, or a name in its MemoryVfs
  /// Called once, on the writer's thread between two commits, at the moment whose state the copy has. What it returns
  /// is kept in the copy and given back when that is restored.
  std::function<std::uint64_t()> mark = [] { return std::uint64_t{0}; };
  CopyOptions options{};
};

/// A backup to make a store of.
struct DatabaseRestore {
  std::filesystem::path backup;
  std::filesystem::path target;
  MemoryVfs* memory = nullptr;   ///< where both are, if not on disk; outlives the call
  const Clock* clock = nullptr;  ///< says when; null: SystemClock
  CopyOptions options{};
};

/// A finished copy: a file of its own, synced, under its target's name.
struct DatabaseCopy {
  std::uint64_t mark = 0;  ///< of the backup
  std::uint64_t pages = 0;
  std::uint64_t bytes = 0;
};

/// Where the state of a store comes from, when it was restored.
struct StoreOrigin {
  std::uint64_t mark = 0;  ///< of the backup
  Timestamp backed_up_at;
  Timestamp restored_at;
};

/// Makes a store of a backup. Every page's checksum is verified on the way. The target stands complete and durable
/// under its name, or there is none: it grows beside it as "<target>.cairn-partial", which no call opens and the next
/// copy to the same target replaces.
/// Errors: already_exists (the target, or a file SQLite would keep beside it), not_found (the backup, or a directory),
/// invalid (not a backup: another file, or one that was opened as a store since; a file name), corrupt (names the page,
/// or the size), busy_owner (another copy to this target is under way), cancelled (`stop`), handler_failed
/// (`on_progress` threw), storage_full, unavailable.
[[nodiscard]] Result<DatabaseCopy> restore_database(const DatabaseRestore& restore);

}  // namespace cairn
