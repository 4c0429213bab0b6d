#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/database_options.hpp>

#include "sql/checksum_vfs.hpp"

namespace cairn::sql {

/// What the name of a copy ends in until it is complete and durable.
inline constexpr std::string_view unfinished_suffix = ".cairn-partial";

/// Where a store lives: a path on disk, or a name on a MemoryVfs, reached through a ChecksumVfs of its own.
class StoreFile final {
 public:
  /// Looks, and changes nothing. Errors: invalid (no name, a directory, no regular file, an unfinished copy), not_found
  /// (directory missing).
  [[nodiscard]] static Result<std::unique_ptr<StoreFile>> locate(const DatabaseOptions& options);
  /// Where a copy that will have this name grows.
  [[nodiscard]] std::unique_ptr<StoreFile> unfinished() const;
  /// The same file once more, reached on its own.
  [[nodiscard]] std::unique_ptr<StoreFile> same() const;

  /// Absolute and without symbolic links, so that two names of one file are one store; what SQLite opens.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const char* vfs() const noexcept { return checksums_->name(); }
  [[nodiscard]] VfsCounters counters() const noexcept { return checksums_->counters(); }
  [[nodiscard]] bool in_memory() const noexcept { return memory_ != nullptr; }
  /// The VFS under the checksums; empty for the platform's.
  [[nodiscard]] const std::string& base_name() const noexcept { return base_; }

  /// Of the file itself (""), "-wal", "-journal", "-shm"; 0 when there is none.
  [[nodiscard]] std::uint64_t size_of(std::string_view suffix) const;
  [[nodiscard]] bool exists(std::string_view suffix = "") const;
  /// Fills `out` from one of the files beside the store, never the store itself: closing a descriptor of that would
  /// drop SQLite's locks. False when the file is shorter or absent.
  [[nodiscard]] bool read(std::string_view suffix, std::uint64_t offset, std::span<unsigned char> out) const;
  /// Writes every byte of the write-ahead log again where it stands, and syncs it. Nothing when there is none.
  /// After a failed sync the kernel may hold pages as clean that never reached the disk: no later sync of the log
  /// writes them, and a crash brings back a log that ends before them. Copying that log's pages into the file does not
  /// help alone, because the shorter log would then be replayed over the newer file.
  /// Errors: storage_full, unavailable.
  [[nodiscard]] Result<void> rewrite_log() const;
  /// Syncs the file itself, which no connection has open. Errors: storage_full, unavailable.
  [[nodiscard]] Result<void> sync() const;
  /// Gives the file the name of `target`, durably. Errors: already_exists (somebody was faster), unavailable; either
  /// name may be there then.
  [[nodiscard]] Result<void> rename_to(const StoreFile& target) const;
  /// Removes the file and what SQLite keeps beside it.
  void remove_all() const noexcept;

 private:
  StoreFile(std::string name, MemoryVfs* memory, std::size_t page_cache_bytes);

  std::string name_;
  MemoryVfs* memory_;
  std::string base_;
  std::unique_ptr<ChecksumVfs> checksums_;
};

}  // namespace cairn::sql
