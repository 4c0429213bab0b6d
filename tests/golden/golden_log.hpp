#pragma once

#include <memory>
#include <string>
#include <vector>

#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/new_event.hpp>
#include <cairn/eventstore/recorded_event.hpp>
#include <cairn/eventstore/snapshot.hpp>
#include <cairn/eventstore/stream_id.hpp>

namespace cairn::test {

/// What the stores beside this file hold: the same appends, made from numbers alone. A release that cannot make them
/// any more writes stores of its own in a directory of its own; what lies here is never written again.
class GoldenLog {
 public:
  struct Append {
    StreamId stream;
    std::vector<NewEvent> events;
  };

  GoldenLog();

  [[nodiscard]] const std::vector<Append>& appends() const noexcept { return appends_; }
  /// The events as a store whose clock stood at `started` and went on a millisecond with each append has them.
  [[nodiscard]] std::vector<OwnedEvent> recorded(Timestamp started) const;

 private:
  std::vector<Append> appends_;
};

/// The name of the store's main file, here and in the directories of the releases.
inline constexpr const char* golden_store = "store.db";
/// The stores hold one snapshot, of this stream.
[[nodiscard]] StreamId golden_snapshot_stream();
[[nodiscard]] Snapshot golden_snapshot();

/// Writes the store into memory: indexes flushed in the middle, a snapshot, and the end still in the write-ahead log.
/// Taken while it is open, so it is what a killed process leaves behind.
[[nodiscard]] std::unique_ptr<MemoryVfs> write_golden_store();

}  // namespace cairn::test
