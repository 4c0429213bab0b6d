#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <cairn/eventstore/revision.hpp>

namespace cairn {

/// How much of a stream is kept. All parts hold at once and each cuts the stream at its front: what is left is always
/// its newest events, from some revision on. The default keeps everything.
///
/// What is cut is gone from reads of the stream, load() and subscriptions to it at once, and stays in the log until
/// EventStore::scavenge(): read_all and filters, append conditions, resolve() and the recognition of repeats see it so
/// long.
struct StreamRetention {
  /// The newest so many; at least 1.
  std::optional<std::uint64_t> events_max{};
  /// Those recorded (RecordedEvent::recorded_at) at most so long ago by the store's clock; above 0.
  std::optional<std::chrono::microseconds> age_max{};
  /// Those from this revision on; at most the revision that comes next.
  Revision truncate_before{};

  friend bool operator==(const StreamRetention&, const StreamRetention&) = default;
};

}  // namespace cairn
