#pragma once

#include <cstdint>
#include <string_view>

namespace cairn {

/// What SQLite asks of a file system.
enum class IoOp : std::uint8_t { any, open, read, write, truncate, sync, remove, access, map_shared, rename };
[[nodiscard]] std::string_view to_string(IoOp op) noexcept;

enum class FileKind : std::uint8_t {
  any,
  main,   ///< a database file
  wal,    ///< its write-ahead log
  other,  ///< rollback journals, temporary files
};

/// One call on a MemoryVfs, as a hook sees it before it happens.
struct IoCall {
  std::uint64_t number = 0;  ///< from 1, over the life of the MemoryVfs
  IoOp op = IoOp::any;
  FileKind file = FileKind::any;
  std::string_view name;  ///< of the file; valid during the hook; empty for a nameless temporary file
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  ///< bytes to read or write; the new size for a truncate
};

enum class FaultKind : std::uint8_t {
  io_error,     ///< any call: the device reports an error
  disk_full,    ///< calls that need space: write, sync (delayed allocation), map_shared, and an open that creates
  short_write,  ///< writes: half of the bytes arrive, then the disk is full
  short_read,   ///< reads: half of the bytes arrive, zeros follow, as if the file ended there
};

/// A failure to come: the `at_call`-th call that `kind`, `only` and `file` fit fails, and with `sticky` every
/// fitting call after it. Counted from 1, from MemoryVfs::inject() on.
/// A sweep runs a workload for at_call = 1, 2, ... until MemoryVfs::faults_fired() stays 0.
struct FaultPlan {
  std::uint64_t at_call = 1;
  FaultKind kind = FaultKind::io_error;
  IoOp only = IoOp::any;
  FileKind file = FileKind::any;
  bool sticky = false;
  /// The call does its work in full and reports failure all the same. Not for reads, which have no effect.
  bool after_effect = false;
  /// After a failed sync the kernel may call the pages clean that it could not write: what was written before stays
  /// readable, but no later successful sync makes it durable. False: a later sync does.
  bool failed_sync_loses = true;
};

}  // namespace cairn
