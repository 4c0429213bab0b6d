#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <cairn/core/bytes.hpp>
#include <cairn/core/codec.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/evolving_state.hpp>
#include <cairn/eventstore/revision.hpp>

namespace cairn {

/// Which snapshots a reader can use: those of this kind of state and of this very shape.
struct SnapshotShape {
  std::string kind;               ///< of the state; a stream may have snapshots of several
  std::uint64_t schema_hash = 0;  ///< of whatever decides how its bytes are read
  friend bool operator==(const SnapshotShape&, const SnapshotShape&) = default;
};

/// A state as it was stored.
struct Snapshot {
  SnapshotShape shape;
  Revision revision;  ///< of the last event in it
  Bytes data;
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

/// A state that can be stored: it has a name, a version and a Codec, as an event does, and evolves.
///
///     struct Account { static constexpr auto type = "account"; ... };
template <class State>
concept SnapshotState = EvolvingState<State> && Encodable<State>;

namespace detail {
[[nodiscard]] std::uint64_t snapshot_schema_hash(std::string_view type, std::uint32_t schema_version,
                                                 ContentType content_type, std::size_t size, BytesView initial);
}  // namespace detail

/// The shape of State's snapshots. Its hash covers the name, schema_version, content type, size of the type and the
/// encoding of State{}: a field that is added, removed, renamed or typed otherwise mostly makes the old snapshots
/// unusable by itself, without anyone raising a number. It cannot see what neither the size nor an empty state shows:
/// the shape of the elements of a container or optional, two fields of one type that changed places in a binary codec,
/// what evolve() or an upcaster does. Raise `schema_version` then. Errors: those of the codec.
template <SnapshotState State>
[[nodiscard]] Result<SnapshotShape> snapshot_shape() {
  auto initial = Codec<State>::encode(State{});
  if (!initial) return std::move(initial).error();
  return SnapshotShape{std::string{EventTraits<State>::type},
                       detail::snapshot_schema_hash(EventTraits<State>::type, EventTraits<State>::schema_version,
                                                    Codec<State>::content_type, sizeof(State), *initial)};
}

}  // namespace cairn
