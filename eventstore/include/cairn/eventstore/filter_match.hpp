#pragma once

#include <cairn/eventstore/read_options.hpp>
#include <cairn/eventstore/recorded_event.hpp>

namespace cairn {

/// Whether a read with this filter would hand out the event: for consumers that share one reading of the log.
[[nodiscard]] bool matches(const EventFilter& filter, const RecordedEvent& event);

}  // namespace cairn
