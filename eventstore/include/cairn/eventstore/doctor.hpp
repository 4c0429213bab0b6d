#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/core/sql/database_report.hpp>
#include <cairn/eventstore/global_position.hpp>

namespace cairn {

/// From when on EventStore::doctor() says something.
struct DoctorOptions {
  std::chrono::milliseconds read_age_max{10'000};  ///< reads are steps of milliseconds
  double free_part_max = 0.25;                     ///< of the file's pages
  std::uint64_t free_bytes_min = 64U << 20U;       ///< less is not worth a word
};

enum class Severity : std::uint8_t {
  note,     ///< worth knowing; nothing has to be done
  warning,  ///< gets worse, or costs more than it need
  problem,  ///< the store does not do its work
};
[[nodiscard]] std::string_view to_string(Severity severity) noexcept;

struct Finding {
  Severity severity = Severity::note;
  std::string name;    ///< for programs: "wal_held", stable over releases
  std::string what;    ///< what is so, with numbers
  std::string advice;  ///< what to do about it
};

/// How a store stands. Numbers of one moment each, taken while it goes on.
struct StoreReport {
  DatabaseReport database;
  std::uint64_t log_format = 0;
  std::uint64_t log_schema = 0;  ///< number of the last migration

  GlobalPosition head{};
  std::uint64_t streams = 0;  ///< that ever were
  std::uint64_t categories = 0;
  std::uint64_t event_types = 0;
  std::uint64_t chunks = 0;       ///< blocks of 256 positions
  std::uint64_t tail_events = 0;  ///< after the last of them

  GlobalPosition indexed_through{};            ///< what the index tables have; the rest waits in memory
  std::uint64_t pending_index_events = 0;      ///< that wait
  std::uint64_t pending_index_events_max = 0;  ///< EventStoreOptions::pending_events_max

  std::uint64_t id_window = 0;  ///< EventStoreOptions::id_window
  bool all_ids_indexed = false;
  bool scavenge_begun = false;  ///< and not ended
  std::uint64_t snapshots = 0;  ///< rows; counted to rows_counted_max, as are the next
  std::uint64_t streams_with_retention = 0;
  static constexpr std::uint64_t rows_counted_max = 100'000;

  std::vector<Finding> findings;  ///< the most severe first
  /// Whether there is no finding but notes.
  [[nodiscard]] bool healthy() const noexcept;
};

/// Lines for people, each ended by a line feed: the numbers, then the findings.
[[nodiscard]] std::string to_string(const StoreReport& report);

}  // namespace cairn
