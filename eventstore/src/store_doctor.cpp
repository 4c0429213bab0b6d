#include "store_doctor.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <cairn/core/sql/database.hpp>

#include "sqlite_log.hpp"

namespace cairn::log {

namespace {

/// The first release of SQLite in which two connections may write and checkpoint at once without losing pages of the
/// log (https://sqlite.org/wal.html#walreset).
constexpr std::array<int, 3> sqlite_without_wal_reset_bug{3, 51, 3};

bool is_before(std::string_view version, std::array<int, 3> other) {
  std::array<int, 3> parts{};
  const char* at = version.data();
  const char* const end = at + version.size();
  for (int& part : parts) {
    at = std::from_chars(at, end, part).ptr;
    if (at != end) ++at;  // the point
  }
  return parts < other;
}

double seconds(std::chrono::microseconds time) { return std::chrono::duration<double>(time).count(); }

/// Goes through the report and collects what there is to say.
class Examination {
 public:
  Examination(const StoreReport& report, const DoctorOptions& options)
      : report_{report}, database_{report.database}, options_{options} {}

  std::vector<Finding> run() && {
    look_at_fence();
    look_at_wal();
    look_at_reads();
    look_at_index();
    look_at_free_pages();
    look_at_scavenge();
    look_at_settings();
    std::ranges::stable_sort(findings_, std::ranges::greater{}, &Finding::severity);
    return std::move(findings_);
  }

 private:
  void say(Severity severity, std::string_view name, std::string what, std::string_view advice) {
    findings_.push_back({severity, std::string{name}, std::move(what), std::string{advice}});
  }

  [[nodiscard]] bool has_old_read() const {
    return database_.oldest_read && *database_.oldest_read > options_.read_age_max;
  }

  void look_at_fence() {
    if (!database_.fenced) return;
    say(Severity::problem, "fenced", "a sync failed, and the store refuses every write since",
        "see to the disk, then call Database::recover(), or close the store and open it again");
  }

  void look_at_wal() {
    const std::uint64_t bytes = database_.statistics.wal_bytes;
    if (bytes <= database_.wal_bytes_max) return;
    say(Severity::warning, "wal_held",
        fmt::format("the write-ahead log has {:.1f} MiB and should start over at {:.1f} MiB; {} of its {} pages are in "
                    "the file",
                    mebibytes(bytes), mebibytes(database_.wal_bytes_max), database_.wal_pages_copied,
                    database_.wal_pages),
        has_old_read()
            ? "a read transaction of this process keeps it: see old_read"
            : "no long read of this process keeps it: one of the next commits starts it over, unless another "
              "program has the file open, such as a sqlite3 shell; then end its transaction");
  }

  void look_at_reads() {
    if (has_old_read()) {
      say(Severity::warning, "old_read",
          fmt::format("a read transaction is open since {:.1f} s; until it ends the write-ahead log grows",
                      seconds(*database_.oldest_read)),
          "read in steps, and let go of a ReadTx between them");
    }
    if (database_.readers_waiting > 0) {
      say(Severity::warning, "readers_busy",
          fmt::format("{} reads wait for one of {} read connections", database_.readers_waiting, database_.readers),
          "make reads shorter, or raise DatabaseOptions::readers");
    }
  }

  void look_at_index() {
    const std::uint64_t behind = report_.head.value - std::min(report_.head.value, report_.indexed_through.value);
    // One generation fills while the other is written.
    if (behind <= 2 * report_.pending_index_events_max) return;
    say(Severity::warning, "index_behind",
        fmt::format("the index tables end {} events before the head; they wait in memory, and are read back when the "
                    "store is opened",
                    behind),
        "it catches up by itself with the next commits; if it does not, writes outrun the disk");
  }

  void look_at_free_pages() {
    const std::uint64_t bytes = database_.free_pages * database_.page_bytes;
    const auto part =
        static_cast<double>(database_.free_pages) / static_cast<double>(std::max<std::uint64_t>(database_.pages, 1));
    if (bytes < options_.free_bytes_min || part <= options_.free_part_max) return;
    say(Severity::note, "free_pages",
        fmt::format("{:.1f} MiB of the file, {:.0f} % of its pages, are free", mebibytes(bytes), part * 100),
        "new events fill them; EventStore::scavenge() gives them back");
  }

  void look_at_scavenge() {
    if (!report_.scavenge_begun) return;
    say(Severity::note, "scavenge_begun", "a scavenge is under way, or stopped before its end",
        "if none runs, call EventStore::scavenge() to go on");
  }

  void look_at_settings() {
    if (database_.durability == Durability::relaxed) {
      say(Severity::note, "relaxed", "commits are not synced one by one: a power loss may take the last ones",
          "open with Durability::full where that matters");
    }
    if (is_before(database_.sqlite_version, sqlite_without_wal_reset_bug)) {
      say(Severity::note, "wal_reset_bug",
          fmt::format("SQLite {} can lose pages when two connections write and checkpoint at once; Cairn does not, but "
                      "another program might",
                      database_.sqlite_version),
          "open the file with other programs read-only, or build against SQLite 3.51.3 or later");
    }
  }

  const StoreReport& report_;
  const DatabaseReport& database_;
  const DoctorOptions& options_;
  std::vector<Finding> findings_;
};

Result<void> read_tables(const SqliteLog& log, StoreReport& report) {
  auto tx = log.database().read();
  if (!tx) return std::move(tx).error();
  Result<void> outcome;
  const auto ask = [&](std::string_view sql) -> std::uint64_t {
    if (!outcome) return 0;
    const auto answer = tx->first<std::uint64_t>(sql, {});
    if (answer) return answer->value_or(0);
    outcome = answer.error();
    return 0;
  };
  report.log_format = ask("SELECT value FROM store WHERE key = 'format'");
  report.log_schema = ask("SELECT max(number) FROM schema_migration WHERE component = 'eventstore'");
  report.streams = ask("SELECT coalesce(max(number), 0) FROM stream");
  report.categories = ask("SELECT coalesce(max(number), 0) FROM category");
  report.event_types = ask("SELECT coalesce(max(number), 0) FROM event_type");
  report.chunks = ask("SELECT coalesce(max(number) + 1, 0) FROM chunk");
  report.indexed_through = {ask("SELECT value FROM store WHERE key = 'indexed_through'")};
  report.all_ids_indexed = ask("SELECT value = -1 FROM store WHERE key = 'all_ids_indexed'") == 1;
  report.scavenge_begun = ask("SELECT value <> 0 FROM store WHERE key = 'scavenge_phase'") == 1;
  report.snapshots = ask("SELECT count(*) FROM (SELECT 1 FROM snapshot LIMIT 100000)");
  report.streams_with_retention = ask("SELECT count(*) FROM (SELECT 1 FROM stream_retention LIMIT 100000)");
  static_assert(StoreReport::rows_counted_max == 100'000);
  return outcome;
}

}  // namespace

std::vector<Finding> find_all(const StoreReport& report, const DoctorOptions& options) {
  return Examination{report, options}.run();
}

Result<StoreReport> examine_store(const SqliteLog& log, const DoctorOptions& options) {
  StoreReport report;
  auto database = log.database().report();
  if (!database) return std::move(database).error();
  report.database = *std::move(database);
  if (auto read = read_tables(log, report); !read) return std::move(read).error();
  const LogSnapshot now = log.snapshot();  // not before the tables, so that they are not ahead of it
  report.head = {now.head};
  report.tail_events = now.head + 1 - now.memory_first();
  report.pending_index_events = log.pending().events();
  report.pending_index_events_max = log.options().pending_events_max;
  report.id_window = log.options().id_window;
  report.findings = find_all(report, options);
  return report;
}

}  // namespace cairn::log
