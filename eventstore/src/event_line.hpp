#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/new_event.hpp>
#include <cairn/eventstore/recorded_event.hpp>
#include <cairn/eventstore/revision.hpp>
#include <cairn/eventstore/stream_id.hpp>

namespace cairn::log {

/// Appends the line of docs/jsonl.md for `event`, with its line break.
void append_event_line(const RecordedEvent& event, std::string& out);

/// What a line says.
struct EventLine {
  StreamId stream;
  Revision revision;
  std::optional<Timestamp> recorded_at;
  NewEvent event;
};

/// A line without its line break. Errors: invalid, saying what is wrong and at which byte, from 1; never the data.
[[nodiscard]] Result<EventLine> parse_event_line(std::string_view line);

}  // namespace cairn::log
