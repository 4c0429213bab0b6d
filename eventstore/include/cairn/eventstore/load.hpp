#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/evolving_state.hpp>
#include <cairn/eventstore/expected_revision.hpp>
#include <cairn/eventstore/revision.hpp>
#include <cairn/eventstore/stream_id.hpp>

namespace cairn {

/// A state and the place in its stream where it holds.
template <EvolvingState State>
struct Loaded {
  State state{};
  /// Of the last event applied; nothing when the stream does not exist. When the stream exists and keeps no event: its
  /// last revision.
  std::optional<Revision> revision{};
  /// The snapshot it was begun from, if any.
  std::optional<Revision> snapshot{};
  /// Read since that snapshot, or since the beginning.
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;  ///< of their data

  /// What an append that was decided on this state must expect.
  [[nodiscard]] ExpectedRevision expected() const noexcept {
    return revision ? ExpectedRevision::exactly(*revision) : ExpectedRevision::no_stream();
  }

  /// Applies the next event of the stream, by way of `schemas`. Errors: those of upcasting and of evolve().
  Result<void> apply(const RecordedEvent& stored, const EventSchemas& schemas) {
    auto done = schemas.upcast(stored, [this](const RecordedEvent& event) { return evolve(state, event); });
    if (!done) return done;
    revision = stored.revision;
    ++events;
    bytes += stored.data.size();
    return {};
  }
};

namespace detail {
/// Applies what stands in the stream after `loaded`.
template <EvolvingState State>
Result<Loaded<State>> catch_up(const EventStore& store, const StreamId& stream, Loaded<State> loaded) {
  const auto from = loaded.revision ? std::optional{Revision{loaded.revision->value + 1}} : std::nullopt;
  Reader reader = store.read_stream(stream, {.from = from});
  auto done = reader.for_each([&](const RecordedEvent& stored) { return loaded.apply(stored, store.schemas()); });
  // Some events after the snapshot are not kept any more: it is too old to go on from.
  if (loaded.snapshot && reader.truncated_before()) return catch_up(store, stream, Loaded<State>{});
  if (!done) return std::move(done).error();
  if (!loaded.revision) loaded.revision = reader.stream_head();
  return loaded;
}
}  // namespace detail

/// The state of a stream, from all events it keeps, the old ones by way of the store's schemas. A stream that does not
/// exist gives State{} without a revision. Errors: those of reading, of upcasting and of evolve(). Snapshots::load does
/// the same from a snapshot.
template <EvolvingState State>
[[nodiscard]] Result<Loaded<State>> load(const EventStore& store, const StreamId& stream) {
  return detail::catch_up(store, stream, Loaded<State>{});
}

}  // namespace cairn
