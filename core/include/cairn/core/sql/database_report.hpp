#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <cairn/core/sql/database_options.hpp>

namespace cairn {

/// What a database is made of and how it stands, for whoever operates it. See Database::report().
struct DatabaseReport {
  std::string cairn_version;   ///< of this library
  std::string sqlite_version;  ///< of the library in this process, not of the one that made the file
  std::uint32_t application_id = 0;
  std::uint32_t file_format = 0;

  std::uint64_t file_bytes = 0;      ///< on disk, without the write-ahead log
  std::uint64_t wal_file_bytes = 0;  ///< on disk; it keeps its size when the log starts over
  std::uint64_t page_bytes = 0;
  std::uint64_t pages = 0;
  std::uint64_t free_pages = 0;  ///< of them: in use again before the file grows
  std::string journal_mode{};
  Durability durability = Durability::full;

  std::uint64_t wal_pages = 0;         ///< in the write-ahead log since it last started over
  std::uint64_t wal_pages_copied = 0;  ///< of them, in the file as well
  std::uint64_t wal_bytes_max = 0;     ///< DatabaseOptions::wal_bytes_max

  std::size_t readers = 0;       ///< DatabaseOptions::readers
  std::size_t readers_busy = 0;  ///< read transactions that are open, this report's not counted
  std::size_t readers_waiting = 0;
  /// How long the oldest of them has been open. Readers in other processes are not known.
  std::optional<std::chrono::microseconds> oldest_read{};

  bool fenced = false;
  std::uint64_t epoch = 0;
  DatabaseStatistics statistics{};
};

}  // namespace cairn
