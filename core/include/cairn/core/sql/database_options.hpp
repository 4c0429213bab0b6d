#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace cairn {

class Clock;
class Logger;
class MemoryVfs;
class Metrics;

/// What a successful write promises.
enum class Durability : std::uint8_t {
  full,     ///< survives power loss: one sync per group commit
  relaxed,  ///< survives a crash of the process; power loss may take the last commits, never consistency
};

enum class WriterMode : std::uint8_t {
  thread,   ///< one writer thread, the only one the library starts by itself
  stepped,  ///< no thread: the caller steps (tests, simulation)
};

struct DatabaseOptions {
  std::filesystem::path file;
  Durability durability = Durability::full;
  WriterMode writer = WriterMode::thread;
  /// Keep the store in memory on this file system instead of the disk; it outlives the database.
  MemoryVfs* memory = nullptr;

  std::size_t queue_units_max = 8192;         ///< callers beyond it wait
  std::size_t queue_bytes_max = 256U << 20U;  ///< two of the largest batches and room beside them
  std::size_t group_bytes_max = 8U << 20U;    ///< a group stops growing here; one larger unit is its own group
  std::size_t group_units_max = 1024;
  std::chrono::milliseconds queue_timeout{30'000};
  std::chrono::milliseconds read_timeout{30'000};
  std::chrono::microseconds unit_budget{5'000};  ///< a longer unit is logged and counted

  std::size_t readers = 4;  ///< read connections, opened when first needed
  std::size_t writer_cache_bytes = 64U << 20U;
  /// Verified pages of the file that all read connections share; the one to raise for a larger working set.
  std::size_t page_cache_bytes = 64U << 20U;
  /// Of each read connection, for what is not in the file yet; lost whenever somebody commits.
  std::size_t reader_cache_bytes = 2U << 20U;

  std::size_t checkpoint_pages = 1000;     ///< passive checkpoint from here on
  std::size_t wal_bytes_max = 32U << 20U;  ///< above it readers are paused and the log restarts
};

/// What a database is handed instead of reaching for it; a null pointer means the named system default.
struct DatabaseParts {
  Clock* clock = nullptr;
  Logger* logger = nullptr;
  Metrics* metrics = nullptr;
};

struct DatabaseStatistics {
  std::uint64_t groups_committed = 0;
  std::uint64_t units_committed = 0;
  std::uint64_t units_refused = 0;
  std::uint64_t units_over_budget = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t syncs = 0;
  std::uint64_t bytes_written = 0;  ///< write-ahead log and file together
  std::uint64_t wal_bytes = 0;      ///< size of the write-ahead log now
  std::uint64_t wal_bytes_peak = 0;
  std::uint64_t largest_group_bytes = 0;  ///< written to the write-ahead log by one transaction
};

}  // namespace cairn
