#pragma once

#include <memory>
#include <optional>
#include <span>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/read_options.hpp>
#include <cairn/eventstore/recorded_event.hpp>
#include <cairn/eventstore/stream_id.hpp>

namespace cairn {
class Unit;
}

namespace cairn::detail {

/// What a Reader steps: the seam between the public API and the engine that keeps the log.
class LogCursor {
 public:
  virtual ~LogCursor() = default;
  /// The next events, or none at the end.
  virtual Result<std::span<const RecordedEvent>> next() = 0;
  /// One bounded read of next(): may find nothing though more follows. Ask scanned_through().
  virtual Result<std::span<const RecordedEvent>> step() { return next(); }
  [[nodiscard]] virtual GlobalPosition scanned_through() const noexcept = 0;
  /// Of one stream, as Reader says.
  [[nodiscard]] virtual std::optional<Revision> stream_head() const noexcept { return std::nullopt; }
  [[nodiscard]] virtual std::optional<Revision> truncated_before() const noexcept { return std::nullopt; }
  /// Of one stream: revisions below belong to a life that ended before the last step's transaction.
  [[nodiscard]] virtual Revision deleted_before() const noexcept { return {}; }
};

}  // namespace cairn::detail

namespace cairn::log {

class SqliteLog;

/// Cursors over a SqliteLog; inside a unit when one is given. The first is whichever of the next two suits the filter.
[[nodiscard]] std::unique_ptr<detail::LogCursor> make_log_cursor(const SqliteLog& log, Unit* unit, ReadAll options);
[[nodiscard]] std::unique_ptr<detail::LogCursor> make_scan_cursor(const SqliteLog& log, Unit* unit, ReadAll options);
[[nodiscard]] std::unique_ptr<detail::LogCursor> make_index_cursor(const SqliteLog& log, Unit* unit, ReadAll options);
[[nodiscard]] std::unique_ptr<detail::LogCursor> make_stream_cursor(const SqliteLog& log, Unit* unit, StreamId stream,
                                                                    ReadStream options);

}  // namespace cairn::log
