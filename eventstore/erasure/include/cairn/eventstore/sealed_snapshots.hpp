#pragma once

#include <concepts>
#include <utility>
#include <vector>

#include <cairn/eventstore/snapshots.hpp>
#include <cairn/eventstore/subject_keys.hpp>

namespace cairn {

/// A state that may hold somebody's data in plain, because an upcaster unseals what comes to it, and says whose: all
/// whose data is in it, at least one.
template <class State>
concept PersonalState = SnapshotState<State> && requires(const State& state) {
  { state.subjects() } -> std::convertible_to<std::vector<SubjectId>>;
};

/// Snapshots of states with personal data in them, sealed for their subjects: an erase takes them along, also in older
/// backups of the store, and there is nothing to look for and overwrite. A state that holds Sealed fields as its events
/// do has nothing in plain, and Snapshots will do.
///
/// Used as Snapshots is. The snapshot of an erased subject is passed by, and a new one is refused: such a stream is
/// read from its beginning. Thread-safe; store and keys must outlive it.
class SealedSnapshots final {
 public:
  SealedSnapshots(EventStore& store, SubjectKeys& keys, SnapshotPolicy policy = {})
      : store_{store}, keys_{keys}, snapshots_{store, policy} {}

  /// Errors: those of Snapshots::load, and unavailable or storage_full from the keys.
  template <PersonalState State>
  [[nodiscard]] Result<Loaded<State>> load(const StreamId& stream) const {
    auto shape = snapshot_shape<State>();
    if (!shape) return std::move(shape).error();
    auto stored = snapshots_.newest(stream, *shape);
    if (!stored) return std::move(stored).error();
    if (!*stored) return cairn::load<State>(store_, stream);
    auto data = keys_.unseal(Sealed<Bytes>{std::move((*stored)->data)}, {.bound_to = stream.text()});
    if (!data && !is_unusable(data.error().code())) return std::move(data).error();
    if (!data || !*data) return cairn::load<State>(store_, stream);
    (*stored)->data = *std::move(*data);
    return snapshots_.load_from<State>(stream, **stored);
  }

  /// Errors: those of Snapshots::save and SubjectKeys::seal; rejected: a subject of it was erased.
  template <PersonalState State>
  Result<void> save(const StreamId& stream, const Loaded<State>& loaded) {
    auto snapshot = Snapshots::encode(stream, loaded);
    if (!snapshot) return std::move(snapshot).error();
    const std::vector<SubjectId> subjects = loaded.state.subjects();
    auto sealed = keys_.seal(subjects, snapshot->data, {.bound_to = stream.text()});
    if (!sealed) return std::move(sealed).error();
    snapshot->data = sealed->bytes();
    return snapshots_.save(stream, *snapshot);
  }
  /// Stores the state if the policy says that one is due and none of its subjects was erased; true when it did.
  template <PersonalState State>
  Result<bool> save_if_due(const StreamId& stream, const Loaded<State>& loaded) {
    if (!snapshots_.policy().is_due(loaded.events, loaded.bytes)) return false;
    auto saved = save(stream, loaded);
    if (!saved && saved.error().code() == Errc::rejected) return false;
    if (!saved) return std::move(saved).error();
    return true;
  }

 private:
  static bool is_unusable(Errc code) noexcept {
    return code == Errc::corrupt || code == Errc::not_found || code == Errc::invalid;
  }

  EventStore& store_;
  SubjectKeys& keys_;
  Snapshots snapshots_;
};

}  // namespace cairn
