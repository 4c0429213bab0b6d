#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include <cairn/core/error.hpp>
#include <cairn/eventstore/event_query.hpp>
#include <cairn/eventstore/expected_revision.hpp>
#include <cairn/eventstore/global_position.hpp>
#include <cairn/eventstore/new_event.hpp>
#include <cairn/eventstore/revision.hpp>
#include <cairn/eventstore/stream_id.hpp>

namespace cairn {

/// Where a batch landed.
struct Appended {
  Revision first_revision;
  Revision last_revision;
  GlobalPosition first_position;
  GlobalPosition last_position;
  bool repeated = false;  ///< it was stored before; this is its original place
  friend bool operator==(const Appended&, const Appended&) = default;
};

/// Events for one stream within an append of several.
struct StreamAppend {
  StreamId stream;
  ExpectedRevision expected = ExpectedRevision::any();
  std::span<const NewEvent> events{};
};

/// What must not be in the log for an append to happen; checked in the same unit that appends.
struct AppendCondition {
  /// `conflict` (number "position": the first match) if an event after `after` matches. Empty: no condition.
  EventQuery fail_if_match{};
  /// The highest position the decision has read; 0 looks at the whole log.
  GlobalPosition after{};
  /// `already_exists` (number "position") if any event of the whole log matches: the fact is there already.
  EventQuery fail_if_exists{};
};

/// The revision a conflict found: nothing when the stream does not exist, or the error is about something else.
[[nodiscard]] inline std::optional<Revision> actual_revision(const Error& error) noexcept {
  const auto number = error.number("actual_revision");
  return number ? std::optional{Revision{*number}} : std::nullopt;
}

}  // namespace cairn
