#pragma once

#include <cstddef>

#include <cairn/eventstore/event_schemas.hpp>

namespace cairn {

class Clock;
class IdSource;
class Metrics;

/// What the log keeps in memory, within which bounds, and how it reads old events. Defaults suit a service with some
/// 100,000 live streams.
struct EventStoreOptions {
  /// Streams whose number and head are remembered (about 120 bytes each); another costs two index look-ups.
  std::size_t stream_cache_entries = 262'144;
  /// The last events whose ids are remembered, so that a repeat with any(), stream_exists() or append_if is
  /// recognised (about 40 bytes each).
  std::size_t id_window = 65'536;
  /// Keep an index of all event ids: repeats are recognised while they are in the log, at the price of one more random
  /// write an event.
  bool index_all_ids = false;
  /// Events whose index entries may wait in memory before they are written in key order: it grows with the log
  /// from `pending_events_min` to this (about 200 bytes each).
  std::size_t pending_events_max = 65'536;
  std::size_t pending_events_min = 4'096;
  /// Events a conditional append may have to look at one by one; beyond it the condition is `too_broad`.
  std::size_t condition_events_max = 1'000;
  /// The newest events that stay in memory while there are subscriptions, all of which share them: how far one may be
  /// behind without reading the file. The default is what a consumer that pauses for a tenth of a second misses at
  /// 100,000 events a second, and some more; whatever comes first of the two ends it.
  std::size_t recent_events_max = 16'384;
  std::size_t recent_bytes_max = 8U << 20U;

  /// What this program reads, and the upcasters that lead there; load() and its kin apply them. When it is not empty,
  /// open() compares it with what is stored and logs each shape without a path as `eventstore.schema_without_path`.
  EventSchemas schemas{};
  /// Refuse to open (unknown_schema) instead of logging.
  bool require_schema_paths = false;
};

/// What the store is handed instead of reaching for it; a null pointer means the named system default.
struct EventStoreParts {
  Clock* clock = nullptr;
  IdSource* ids = nullptr;
  Metrics* metrics = nullptr;  ///< the default measures nothing
};

}  // namespace cairn
