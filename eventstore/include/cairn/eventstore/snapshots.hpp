#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/load.hpp>
#include <cairn/eventstore/snapshot.hpp>
#include <cairn/eventstore/stream_id.hpp>

namespace cairn {

class Unit;

/// When a snapshot is due, and how many are kept. A snapshot is a cache: every state can be had without it.
struct SnapshotPolicy {
  std::uint64_t every_events = 100;         ///< events read since the last one; 0: not by events
  std::uint64_t every_bytes = 256U << 10U;  ///< bytes of their data; 0: not by bytes
  std::size_t keep = 2;                     ///< newest of a stream and kind; at least 1

  [[nodiscard]] bool is_due(std::uint64_t events, std::uint64_t bytes) const noexcept {
    return (every_events > 0 && events >= every_events) || (every_bytes > 0 && bytes >= every_bytes);
  }
};

/// Snapshots of states, so that a long stream is not read from its beginning each time:
///
///     Snapshots snapshots{events};
///     auto account = snapshots.load<Account>(stream);   // the newest usable snapshot and the events after it
///     snapshots.save_if_due(stream, *account);          // by the policy; save() at any time
///
/// What is not usable is passed by: a snapshot of another kind or schema hash, one beyond the end of its stream, one
/// whose bytes are no State, one with events after it that the stream does not keep any more. One that is newer than
/// what was cut is used: truncating a stream at a snapshot keeps its state. Deleting a stream removes them. What the
/// hash cannot see is said at snapshot_shape(). Thread-safe. The store must outlive it.
class Snapshots final {
 public:
  explicit Snapshots(EventStore& store, SnapshotPolicy policy = {});

  /// The state of a stream, from its newest usable snapshot and what came after it.
  /// Errors: those of reading, of upcasting and of evolve().
  template <SnapshotState State>
  [[nodiscard]] Result<Loaded<State>> load(const StreamId& stream) const {
    auto shape = snapshot_shape<State>();
    if (!shape) return std::move(shape).error();
    auto stored = newest(stream, *shape);
    if (!stored) return std::move(stored).error();
    return *stored ? load_from<State>(stream, **stored) : cairn::load<State>(store_, stream);
  }
  /// The same from this snapshot, or without it if it is not usable.
  template <SnapshotState State>
  [[nodiscard]] Result<Loaded<State>> load_from(const StreamId& stream, const Snapshot& stored) const {
    auto state = Codec<State>::decode(EventTraits<State>::type, EventTraits<State>::schema_version,
                                      Codec<State>::content_type, stored.data);
    if (!state) return cairn::load<State>(store_, stream);
    const Revision revision = stored.revision;
    auto loaded = detail::catch_up(
        store_, stream, Loaded<State>{.state = *std::move(state), .revision = revision, .snapshot = revision});
    if (!loaded || loaded->events > 0) return loaded;
    // Nothing came after it: that is the end of the stream, or this is no snapshot of it.
    const auto head = store_.stream_head(stream);
    if (!head) return head.error();
    return *head && **head >= revision ? std::move(loaded) : cairn::load<State>(store_, stream);
  }

  /// Stores the state, durably, and removes all but the newest `keep` of its kind.
  /// Errors: invalid (a state without events, or of a revision that the stream does not have), those of the codec, and
  /// those of a write.
  template <SnapshotState State>
  Result<void> save(const StreamId& stream, const Loaded<State>& loaded) {
    auto snapshot = encode(stream, loaded);
    if (!snapshot) return std::move(snapshot).error();
    return save(stream, *snapshot);
  }
  /// The same as part of a unit: lands, or not, with everything else the unit does.
  template <SnapshotState State>
  Result<void> save(Unit& unit, const StreamId& stream, const Loaded<State>& loaded) {
    auto snapshot = encode(stream, loaded);
    if (!snapshot) return std::move(snapshot).error();
    return save(unit, stream, *snapshot);
  }
  /// Stores the state if the policy says that one is due; true when it did.
  template <SnapshotState State>
  Result<bool> save_if_due(const StreamId& stream, const Loaded<State>& loaded) {
    if (!policy_.is_due(loaded.events, loaded.bytes)) return false;
    if (auto saved = save(stream, loaded); !saved) return std::move(saved).error();
    return true;
  }

  /// The same for bytes whose shape the caller knows.
  Result<void> save(const StreamId& stream, const Snapshot& snapshot);
  Result<void> save(Unit& unit, const StreamId& stream, const Snapshot& snapshot);
  /// The newest snapshot of this shape.
  [[nodiscard]] Result<std::optional<Snapshot>> newest(const StreamId& stream, const SnapshotShape& shape) const;
  /// Removes all snapshots of a stream, of every kind; gives their number.
  Result<std::uint64_t> remove(const StreamId& stream);

  [[nodiscard]] const SnapshotPolicy& policy() const noexcept { return policy_; }

  /// What save() stores. Errors: invalid (a state without events), those of the codec.
  template <SnapshotState State>
  [[nodiscard]] static Result<Snapshot> encode(const StreamId& stream, const Loaded<State>& loaded) {
    if (!loaded.revision) return no_events_in(stream);
    auto shape = snapshot_shape<State>();
    if (!shape) return std::move(shape).error();
    auto data = Codec<State>::encode(loaded.state);
    if (!data) return std::move(data).error();
    return Snapshot{.shape = *std::move(shape), .revision = *loaded.revision, .data = *std::move(data)};
  }

 private:
  [[nodiscard]] static Error no_events_in(const StreamId& stream);

  EventStore& store_;
  SnapshotPolicy policy_;
};

}  // namespace cairn
