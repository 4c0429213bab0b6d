#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/fault_plan.hpp>

namespace cairn {

struct MemoryVfsOptions {
  /// Remember which writes were synced, so that crash() can tell. Costs a second copy of every file.
  bool track_durability = false;
};

/// What a power loss does to the writes that were not synced, in pieces of 512 bytes.
struct CrashDamage {
  enum class Unsynced : std::uint8_t {
    random,      ///< each piece, size change, creation and deletion kept or dropped on its own; some pieces torn
    nothing,     ///< all dropped: the disk as of the last syncs
    everything,  ///< all kept, in order
  };
  std::uint64_t seed = 0;  ///< equal seeds do equal damage to equal files
  Unsynced unsynced = Unsynced::random;
};

/// A file system in memory for SQLite: in-memory stores are ordinary stores on it, and tests of stores inject
/// faults and crashes through it.
///
/// Files have flat names in a name space of the instance's own. Locks, shared memory and write-ahead logs work
/// between all connections of the process that use the instance, as they do on a local disk. Time, sleep and
/// randomness, which SQLite asks of a VFS too, are those of the platform's VFS.
///
/// Thread-safe, except that replace_file() and remove_file() go behind the back of open connections.
/// Outlives every connection opened through it.
class MemoryVfs {
 public:
  [[nodiscard]] static std::unique_ptr<MemoryVfs> create(MemoryVfsOptions options = {});
  ~MemoryVfs();
  MemoryVfs(const MemoryVfs&) = delete;
  MemoryVfs& operator=(const MemoryVfs&) = delete;

  /// What sqlite3_open_v2() takes as its VFS; unique in the process.
  [[nodiscard]] const std::string& name() const noexcept;

  /// Names of all files, sorted.
  [[nodiscard]] std::vector<std::string> files() const;
  /// The whole content; nothing when there is no such file.
  [[nodiscard]] std::optional<Bytes> read_file(std::string_view name) const;
  /// Creates the file or replaces its content; durable at once.
  void replace_file(std::string_view name, BytesView content);
  /// Returns whether there was such a file. Durable at once.
  bool remove_file(std::string_view name);
  /// Gives a file another name and syncs the directory: two calls (IoOp::rename, IoOp::sync), each of which may be made
  /// to fail. Errors: already_exists, not_found, unavailable.
  Result<void> rename_file(std::string_view from, std::string_view to);

  /// A new, independent instance with the same files at one instant, synced or not, and the same options: what is
  /// left when the process dies (kill -9). Locks, shared memory, faults, hook, capacity and temporary files are gone.
  [[nodiscard]] std::unique_ptr<MemoryVfs> clone() const;
  /// The same with the damage of a power loss at this instant. What was synced is there: content and name with the
  /// file's sync, and every creation and deletion so far with a sync of the directory, which SQLite's unix VFS does
  /// with the first sync of a write-ahead log or journal and with a deletion that asks for it.
  /// Bytes outside the range of a write never change (SQLITE_IOCAP_POWERSAFE_OVERWRITE).
  /// Needs `track_durability`. The result is all durable, and tracks again.
  [[nodiscard]] std::unique_ptr<MemoryVfs> crash(CrashDamage damage) const;

  /// Replaces the present fault plan and starts its count anew.
  void inject(FaultPlan plan);
  void clear_faults();
  /// Calls failed by the plan since inject().
  [[nodiscard]] std::uint64_t faults_fired() const noexcept;
  /// The bytes all files together may have; a write beyond stores what fits and fails with a full disk. Files that
  /// are larger already stay. Nothing: no limit. Shared memory does not count.
  void set_capacity(std::optional<std::uint64_t> bytes);
  /// Called before each call, without locks, on the thread that makes it, so it may use this object (take a crash
  /// image, say) but not the connection. If it throws, the call fails as by FaultKind::io_error.
  /// An empty function removes it; a hook may still be running on other threads then.
  void on_call(std::function<void(const IoCall&)> hook);
  /// Calls so far: the number of the latest IoCall.
  [[nodiscard]] std::uint64_t calls() const noexcept;

  struct Impl;

 private:
  explicit MemoryVfs(std::unique_ptr<Impl> impl) noexcept;

  std::unique_ptr<Impl> impl_;
};

}  // namespace cairn
