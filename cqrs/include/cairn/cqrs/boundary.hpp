#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/cqrs/addressed_event.hpp>
#include <cairn/cqrs/command_options.hpp>
#include <cairn/cqrs/command_outcomes.hpp>
#include <cairn/eventstore/event_query.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/evolving_state.hpp>
#include <cairn/eventstore/stream_id.hpp>

namespace cairn::detail {

/// A stream or a query that a decision reads.
struct BoundaryPart {
  explicit BoundaryPart(StreamId named) : stream{std::move(named)} {}
  explicit BoundaryPart(EventQuery wanted) : query{std::move(wanted)} {}
  std::optional<StreamId> stream{};
  EventQuery query{};

  [[nodiscard]] std::string name() const;  ///< "account-42", "events of course:c1"
};

/// Everything that one decision reads, and whether it is still so when the decision is written. One thread at a time.
class Boundary final {
 public:
  Boundary(EventStore& store, std::vector<BoundaryPart> parts, CommandOptions options, CommandOutcomes* outcomes);

  Result<void> admit();
  /// What is read from here on holds together: as of one position, or inside `unit`.
  void begin_reading(Unit* unit);
  /// Adds up the events of part `index` in `state`.
  template <EvolvingState State>
  Result<void> read(std::size_t index, State& state) {
    Reader reader = open(index);
    auto done = reader.for_each([&](const RecordedEvent& stored) {
      return store_.schemas().upcast(stored, [&state](const RecordedEvent& event) { return evolve(state, event); });
    });
    if (!done) return failed(done.error());
    if (parts_[index].stream) revisions_[index] = reader.stream_head();
    return {};
  }

  /// Appends what was decided, unless a reading has changed.
  Result<CommandOutcome> write(Unit& unit, const DecisionOver& decision);
  Result<CommandOutcome> earlier_or(Error error) const;
  [[nodiscard]] Result<Handled> settle(Result<CommandOutcome> outcome, Attempt attempt) const;
  [[nodiscard]] Error failed(const Error& error) const;

 private:
  [[nodiscard]] Reader open(std::size_t index) const;
  [[nodiscard]] Result<void> check(Unit& unit, std::size_t index) const;
  [[nodiscard]] Error changed(std::size_t index, const std::string& how) const;
  Result<CommandOutcome> append(Unit& unit, const DecisionOver& decision);
  [[nodiscard]] ExpectedRevision expected(const StreamId& stream) const;

  EventStore& store_;
  const std::vector<BoundaryPart> parts_;
  const CommandOptions options_;
  CommandOutcomes* const outcomes_;
  std::string target_;
  Uuid fingerprint_{};

  Unit* unit_ = nullptr;
  GlobalPosition read_to_{};
  std::vector<std::optional<Revision>> revisions_;
};

}  // namespace cairn::detail
