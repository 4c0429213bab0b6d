#pragma once

#include <cstddef>
#include <cstdint>

#include <cairn/core/log.hpp>
#include <cairn/core/result.hpp>

namespace cairn::sql {

class Connection;
class ReadPool;
struct WriterCounters;

/// Copies the write-ahead log into the file, between commits and on the writer's connection only: a second
/// connection that checkpoints while one writes can hit the WAL-reset bug of SQLite before 3.51.3
/// (https://sqlite.org/wal.html#walreset), and would let the log grow besides.
class Checkpointer final {
 public:
  struct Limits {
    std::size_t pages;       // of the log, not copied yet, that are worth a checkpoint between two commits
    std::size_t idle_pages;  // and when nobody waits
    std::size_t wal_bytes_max;
  };

  Checkpointer(Connection& connection, ReadPool& readers, WriterCounters& counters, Logger& logger, Limits limits);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  /// After each commit. A checkpoint that fails is logged and tried again later, since the log still has everything.
  /// Errors: outcome_unknown (a sync failed). Then pages that the file system calls clean may not be on the disk, and
  /// the log that has them must not start over before recovery wrote them again.
  [[nodiscard]] Result<void> after_commit();
  /// When nobody waits. Errors as above.
  [[nodiscard]] Result<void> when_idle();
  /// Copies everything, syncs, and empties the log: for close and recovery, when no reader is left.
  /// Errors: unavailable, storage_full (something failed), outcome_unknown (a sync failed).
  [[nodiscard]] Result<void> truncate();

 private:
  void committed(std::uint64_t frames);
  [[nodiscard]] Result<void> copy(int mode);
  [[nodiscard]] Result<void> restart();
  void note_size();

  Connection& connection_;
  ReadPool& readers_;
  WriterCounters& counters_;
  Logger& logger_;
  const Limits limits_;
  std::uint64_t frames_ = 0;    // in the log since it last started over
  std::uint64_t copied_ = 0;    // of them, known to be in the file
  std::uint64_t retry_at_ = 0;  // frames from which on the next attempt is worth it, after one that got nowhere
  std::uint64_t restart_at_ = 0;
};

}  // namespace cairn::sql
