#include <cairn/eventstore/doctor.hpp>

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "store_doctor.hpp"

namespace cairn {

namespace {

std::string counted(std::uint64_t rows) {
  return rows < StoreReport::rows_counted_max ? fmt::format("{}", rows) : fmt::format("{} or more", rows);
}

/// "name          value", the values under each other.
class Lines {
 public:
  template <class... Args>
  void add(std::string_view name, fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), "{:<16}", name);
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }
  void add(const Finding& finding) {
    fmt::format_to(std::back_inserter(text_), "{} {}: {}\n  {}\n", to_string(finding.severity), finding.name,
                   finding.what, finding.advice);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string_view to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::problem: return "problem";
  }
  return "unlisted";
}

bool StoreReport::healthy() const noexcept {
  return std::ranges::all_of(findings, [](const Finding& one) { return one.severity == Severity::note; });
}

std::string to_string(const StoreReport& report) {
  const DatabaseReport& database = report.database;
  Lines lines;
  lines.add("versions", "Cairn {}, SQLite {}", database.cairn_version, database.sqlite_version);
  lines.add("formats", "application {:08x}, file {}, log {}, schema {}", database.application_id, database.file_format,
            report.log_format, report.log_schema);
  lines.add("file", "{:.1f} MiB; {} pages of {} bytes, {} of them free", log::mebibytes(database.file_bytes),
            database.pages, database.page_bytes, database.free_pages);
  lines.add("journal", "{}, {} durability{}", database.journal_mode,
            database.durability == Durability::full ? "full" : "relaxed", database.fenced ? ", FENCED" : "");
  lines.add("write-ahead log", "{:.1f} MiB in use, {:.1f} MiB on disk; {} pages, {} of them in the file",
            log::mebibytes(database.statistics.wal_bytes), log::mebibytes(database.wal_file_bytes), database.wal_pages,
            database.wal_pages_copied);
  lines.add("reads", "{} of {} open, {} waiting; the oldest for {:.3f} s", database.readers_busy, database.readers,
            database.readers_waiting,
            std::chrono::duration<double>(database.oldest_read.value_or(std::chrono::microseconds::zero())).count());
  lines.add("log", "head {}; {} chunks and {} events behind them; {} streams in {} categories, {} event types",
            report.head.value, report.chunks, report.tail_events, report.streams, report.categories,
            report.event_types);
  lines.add("index", "through {}; {} events wait in memory, {} may", report.indexed_through.value,
            report.pending_index_events, report.pending_index_events_max);
  if (report.all_ids_indexed) {
    lines.add("event ids", "all indexed");
  } else {
    lines.add("event ids", "the last {} remembered", report.id_window);
  }
  lines.add("snapshots", "{}", counted(report.snapshots));
  lines.add("retention", "{} streams", counted(report.streams_with_retention));
  lines.add("findings", "{}", report.findings.empty() ? "none" : "");
  for (const Finding& finding : report.findings) lines.add(finding);
  return lines.take();
}

}  // namespace cairn
