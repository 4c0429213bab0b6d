#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <sqlite3.h>

#include <cairn/core/sql/memory_vfs.hpp>

#include "sql/vfs_file.hpp"
#include "sql/vfs_gate.hpp"
#include "sql/vfs_space.hpp"

namespace cairn {

/// The files of one instance by name, and what SQLite sees of them.
struct MemoryVfs::Impl {
  using File = std::shared_ptr<VfsFile>;
  using Names = std::map<std::string, File, std::less<>>;

  /// What a crash image is made from: while it lives, nothing changes.
  struct Frozen {
    std::unique_lock<std::mutex> names_lock;
    std::vector<std::shared_lock<std::shared_mutex>> file_locks;
  };

  explicit Impl(MemoryVfsOptions chosen);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] File make_file(VfsBytes content) const;
  [[nodiscard]] File find(std::string_view file_name) const;
  /// The file of that name, made when there is none. `file_name` is null for a nameless file.
  [[nodiscard]] File find_or_make(const char* file_name);
  /// Forgets the name; open handles go on. Returns whether there was one. `directory`: as for sync().
  bool remove(std::string_view file_name, bool directory);
  /// False when there is no `from` or there is a `to`.
  bool rename(std::string_view from, std::string_view to);
  void sync_names();
  /// Makes content and, if `file` still has it, name durable; with `directory` all names are as durable as they are.
  void sync(std::string_view file_name, const File& file, bool directory);
  [[nodiscard]] Frozen freeze() const;

  const MemoryVfsOptions options;
  const std::string name;
  sqlite3_vfs* const platform;  // time, sleep, randomness
  sqlite3_vfs vfs{};
  const std::shared_ptr<VfsSpace> space = std::make_shared<VfsSpace>();
  VfsGate gate;
  std::atomic<std::int64_t> open_handles{0};

  mutable std::mutex names_mutex;  // taken before the mutex of any file
  Names names;                     // what programs see
  Names durable_names;             // what a power loss leaves for certain; kept only with track_durability
};

/// The table of functions through which SQLite uses `impl`.
[[nodiscard]] sqlite3_vfs memory_vfs_table(MemoryVfs::Impl& impl);

}  // namespace cairn
