#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <cairn/core/sql/database.hpp>
#include <cairn/cqrs/command_options.hpp>
#include <cairn/cqrs/command_outcomes.hpp>
#include <cairn/cqrs/decided_events.hpp>
#include <cairn/cqrs/decider.hpp>
#include <cairn/cqrs/handled.hpp>
#include <cairn/cqrs/prepared_command.hpp>
#include <cairn/cqrs/warm_cache.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/load.hpp>
#include <cairn/eventstore/snapshots.hpp>

namespace cairn::detail {

/// What the commands of one handler share.
struct CommandRoom {
  EventStore& store;
  Snapshots snapshots;
  CommandOutcomes* outcomes;
  WarmCache warm;
};

/// One command on its way: decided on a state, written if the stream is still there, and decided again. `Command` may
/// be a reference. One thread at a time.
template <class State, class Command>
class CommandWork final {
 public:
  CommandWork(CommandRoom& room, StreamId stream, Command command, CommandOptions options)
      : room_{room},
        stream_{std::move(stream)},
        command_{std::forward<Command>(command)},
        options_{std::move(options)} {}

  /// What can be refused before anything is read.
  Result<void> admit() {
    if (!options_.command_id) return {};
    if (room_.outcomes == nullptr) return nowhere_to_record(stream_.text());
    if (auto admitted = room_.outcomes->admit(*options_.command_id); !admitted) return admitted;
    auto made = fingerprint(stream_.text(), command_);
    if (!made) return failed(stream_.text(), made.error());
    fingerprint_ = *made;
    return {};
  }

  /// Decides on what the stream is now. Not inside a unit.
  Result<void> prepare() {
    epoch_ = room_.store.database().epoch();
    if (auto found = load(); !found) return found;
    return decide_on(*base_);
  }

  /// Whether more than events is to be written.
  [[nodiscard]] bool needs_unit() const noexcept { return options_.command_id.has_value() || snapshot_due(); }
  [[nodiscard]] bool writes_nothing() const noexcept { return !needs_unit() && prepared_->events.empty(); }

  /// Writes what prepare() decided, in a unit of the store's own.
  Result<CommandOutcome> write_alone() {
    if (prepared_->events.empty()) {
      if (!was_warm_) return decided_nothing(room_.store.head());
      // The store has not been asked yet whether this is still the state.
      const GlobalPosition head = room_.store.head();
      const auto actual = room_.store.stream_head(stream_);
      if (!actual) return actual.error();
      if (*actual != base_->revision) return moved_on(stream_, base_->revision, *actual);
      return decided_nothing(head);
    }
    auto appended = room_.store.append(stream_, base_->expected(), prepared_->events);
    if (!appended) return std::move(appended).error();
    return landed(*appended);
  }

  /// The same as part of a unit, with everything that goes with it. After decide_inside() it decides there as well.
  Result<CommandOutcome> write(Unit& unit) {
    if (options_.command_id) {
      auto found = room_.outcomes->find(unit, *options_.command_id, fingerprint_);
      if (!found) return std::move(found).error();
      if (*found) return **std::move(found);
    }
    if (inside_) {
      auto now = catch_up(unit, *base_);
      if (!now) return std::move(now).error();
      if (auto decided = decide_on(*now); !decided) return std::move(decided).error();
    }
    auto outcome = append(unit);
    if (!outcome || !options_.command_id) return outcome;
    if (auto noted = room_.outcomes->record(unit, *options_.command_id, fingerprint_, *outcome); !noted) {
      return std::move(noted).error();
    }
    return outcome;
  }

  /// A race was lost: what prepare() begins with next is read from the store, or what the winner left.
  void lost_race() {
    if (base_->revision) room_.warm.drop(stream_, *base_->revision);
  }
  /// From now on write() decides.
  void decide_inside() noexcept { inside_ = true; }
  [[nodiscard]] bool inside() const noexcept { return inside_; }

  /// What the caller hears, once the outcome is durable or known not to be.
  Result<Handled> settle(Result<CommandOutcome> outcome, Attempt attempt) {
    if (!outcome) return std::move(outcome).error();
    Handled& handled = outcome->handled;
    handled.attempt = attempt;
    if (outcome->rejection) return rejected(stream_.text(), *outcome->rejection, handled.repeated);
    if (!handled.repeated && !handled.nothing_happened()) keep_warm();
    return handled;
  }
  /// What became of the command before, if prepare() failed with `error` because it was done already.
  Result<CommandOutcome> earlier_or(Error error) const {
    if (!options_.command_id) return error;
    auto found = room_.outcomes->find(*options_.command_id, fingerprint_);
    if (!found || !*found) return error;
    return **std::move(found);
  }

  [[nodiscard]] std::size_t size_bytes() const noexcept {
    std::size_t size = sizeof(*this);
    if (prepared_) {
      for (const NewEvent& event : prepared_->events) size += event.data.size() + sizeof(event);
    }
    return size;
  }
  [[nodiscard]] const StreamId& stream() const noexcept { return stream_; }

 private:
  Result<void> load() {
    was_warm_ = false;
    if (auto warm = std::static_pointer_cast<const Loaded<State>>(room_.warm.find(stream_, epoch_))) {
      base_ = std::move(warm);
      was_warm_ = true;
      return {};
    }
    auto loaded = [this]() -> Result<Loaded<State>> {
      if constexpr (SnapshotState<State>) {
        return room_.snapshots.template load<State>(stream_);
      } else {
        return cairn::load<State>(room_.store, stream_);
      }
    }();
    if (!loaded) return std::move(loaded).error();
    base_ = std::make_shared<const Loaded<State>>(*std::move(loaded));
    return {};
  }

  // Reads the event that `known` ends with once more: when it is not kept, because the stream was deleted or cut, what
  // comes after it may belong to another life, and the state is what the stream keeps.
  Result<Loaded<State>> catch_up(Unit& unit, Loaded<State> known) {
    const auto from = known.revision;
    Reader reader = room_.store.read_stream(unit, stream_, {.from = from});
    auto done = reader.for_each([&](const RecordedEvent& stored) -> Result<void> {
      read_through_ = stored.position;
      if (stored.revision == from) return {};
      return known.apply(stored, room_.store.schemas());
    });
    const bool other_life = from && (reader.truncated_before() || reader.stream_head() < from);
    if (other_life) return catch_up(unit, Loaded<State>{});
    if (!done) return std::move(done).error();
    if (!known.revision) known.revision = reader.stream_head();
    return known;
  }

  Result<void> decide_on(const Loaded<State>& state) {
    auto prepared = prepare_command(room_.store, stream_, state, command_, options_);
    if (!prepared) return std::move(prepared).error();
    prepared_.emplace(*std::move(prepared));
    return {};
  }
  [[nodiscard]] bool snapshot_due() const noexcept {
    if constexpr (SnapshotState<State>) {
      const Loaded<State>* next = prepared_->next.get();
      return next != nullptr && room_.snapshots.policy().is_due(next->events, next->bytes);
    }
    return false;
  }

  Result<CommandOutcome> append(Unit& unit) {
    if (prepared_->events.empty()) {
      const auto actual = room_.store.stream_head(unit, stream_);
      if (!actual) return actual.error();
      if (*actual != prepared_->decided_on) return moved_on(stream_, prepared_->decided_on, *actual);
      // Of the unit's group there may have been events that the head does not tell of yet.
      return decided_nothing(std::max(room_.store.head(), read_through_));
    }
    auto appended = room_.store.append(unit, stream_, prepared_->expected, prepared_->events);
    if (!appended) return std::move(appended).error();
    CommandOutcome outcome = landed(*appended);
    if constexpr (SnapshotState<State>) {
      if (snapshot_due()) {
        // A snapshot is a cache: a command does not fail for one.
        auto saved = unit.nested([&] { return room_.snapshots.save(unit, stream_, *prepared_->next); });
        if (!saved) log_snapshot_failed(room_.store.database().logger(), stream_, saved.error());
      }
    }
    return outcome;
  }

  CommandOutcome landed(const Appended& appended) {
    prepared_->next->revision = appended.last_revision;
    return {.handled = handled_at(appended, prepared_->events.size())};
  }
  CommandOutcome decided_nothing(GlobalPosition position) const {
    return {.handled = {.revision = prepared_->decided_on, .position = position}, .rejection = prepared_->rejection};
  }

  void keep_warm() {
    Loaded<State>& next = *prepared_->next;
    if (snapshot_due()) {
      next.snapshot = next.revision;
      next.events = 0;
      next.bytes = 0;
    }
    std::size_t bytes = sizeof(Loaded<State>);
    if constexpr (requires {
                    { next.state.size_bytes() } -> std::convertible_to<std::size_t>;
                  }) {
      bytes += next.state.size_bytes();
    }
    const Revision revision = *next.revision;
    room_.warm.put(stream_,
                   {.state = std::move(prepared_->next), .revision = revision, .epoch = epoch_, .bytes = bytes});
  }

  CommandRoom& room_;
  const StreamId stream_;
  Command command_;
  const CommandOptions options_;
  Uuid fingerprint_{};

  std::uint64_t epoch_ = 0;
  GlobalPosition read_through_{};
  bool was_warm_ = false;
  bool inside_ = false;
  std::shared_ptr<const Loaded<State>> base_;
  std::optional<PreparedCommand<State>> prepared_;
};

}  // namespace cairn::detail
