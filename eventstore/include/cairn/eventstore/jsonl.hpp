#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/read_options.hpp>
#include <cairn/eventstore/stream_id.hpp>

namespace cairn {

/// Which events to export: one stream, or what lies between two positions and passes a filter; all of them unless told.
struct ExportOptions {
  std::optional<StreamId> stream{};  ///< then nothing else is asked
  std::optional<GlobalPosition> from{};
  std::optional<GlobalPosition> to{};
  EventFilter filter{.system = true};
  std::function<void(std::uint64_t events)> on_progress{};  ///< called now and then
  std::stop_token stop{};
};

struct ExportReport {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
};

/// Writes events as JSON Lines (docs/jsonl.md): one object a line, in the order they are read, every byte of their data
/// and metadata kept. What is in the log when the end is reached is in it. Memory does not grow with the log.
/// `out` is flushed. Errors: those of a Reader, cancelled (`stop`), unavailable (`out` failed).
[[nodiscard]] Result<ExportReport> export_jsonl(const EventStore& store, std::ostream& out,
                                                const ExportOptions& options = {});

/// What to do about a line that cannot be imported.
enum class BadLines : std::uint8_t { stop, skip };

struct ImportOptions {
  BadLines bad_lines = BadLines::stop;
  std::size_t bad_lines_kept = 100;                        ///< of those skipped, the first; the rest is counted
  std::size_t batch_events = 128;                          ///< of one unit, so that it stays within its budget of time
  std::size_t batch_bytes = 1U << 20U;                     ///< about
  std::size_t line_bytes_max = 24U << 20U;                 ///< the largest event, in base64, and some more
  std::function<void(std::uint64_t lines)> on_progress{};  ///< called after each unit
  std::stop_token stop{};                                  ///< asked before each
};

struct BadLine {
  std::uint64_t number = 0;  ///< from 1
  std::string reason;
  friend bool operator==(const BadLine&, const BadLine&) = default;
};

struct ImportReport {
  std::uint64_t lines = 0;
  std::uint64_t appended = 0;
  std::uint64_t repeated = 0;  ///< were there already
  std::uint64_t bad = 0;
  std::vector<BadLine> bad_lines{};
};

/// Appends events from JSON Lines, each at the revision its line says: ids, revisions, occurred_at and all else stay;
/// recorded_at stays as far as the time of this log neither goes back nor ahead of the clock; positions are new.
/// A line whose event is there already changes nothing, so an import that was interrupted is simply done again. A
/// stream whose first revisions are missing, here and in the lines before, is refused.
/// Durable in units; what a failed import had committed stays. Memory holds one batch, at least one line.
/// Errors: with BadLines::stop those of the first bad line (invalid, conflict; number "line"), after all lines before
/// it were imported; cancelled (`stop`), unavailable (`in` failed), and those of a write.
[[nodiscard]] Result<ImportReport> import_jsonl(EventStore& store, std::istream& in, const ImportOptions& options = {});

}  // namespace cairn
