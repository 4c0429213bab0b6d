#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <cairn/core/attempt.hpp>
#include <cairn/core/call_user.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/cqrs/addressed_event.hpp>
#include <cairn/cqrs/boundary.hpp>
#include <cairn/cqrs/command_options.hpp>
#include <cairn/cqrs/handled.hpp>
#include <cairn/cqrs/race.hpp>
#include <cairn/eventstore/event_query.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/evolving_state.hpp>
#include <cairn/eventstore/stream_id.hpp>

namespace cairn {

/// A state that a decision reads: of a stream, or of all events that match a query.
template <EvolvingState State>
struct Reading {
  using Read = State;
  detail::BoundaryPart part;
};
template <EvolvingState State>
[[nodiscard]] Reading<State> reading(StreamId stream) {
  return {detail::BoundaryPart{std::move(stream)}};
}
template <EvolvingState State>
[[nodiscard]] Reading<State> reading(EventQuery query) {
  return {detail::BoundaryPart{std::move(query)}};
}

struct DecideOverOptions {
  CommandOptions command{};
  /// As in CommandHandlerOptions.
  RetryPolicy races{.max_attempts = 2, .backoff = immediate()};
  AfterRaces after_races = AfterRaces::decide_in_unit;
  CommandHandlerParts parts{};
};

/// A decision over several states, see decide_over(). The store must outlive it. Thread-safe.
template <class... States>
class DeciderOver final {
 public:
  DeciderOver(EventStore& events, Reading<States>... readings) : events_{events}, parts_{std::move(readings.part)...} {}

  /// Reads, calls `decide(const States&...) -> DecisionOver`, and appends what it decided in one unit, if nothing that
  /// was read has changed. Otherwise again, as CommandHandler does it. `decide` is pure: it may run several times, and
  /// on the writer's thread. What it appends to a stream that it has not read is appended at whatever revision.
  ///
  /// Handled::revision is nothing here. Errors: rejected and handler_failed as from CommandHandler; conflict (number
  /// "condition": which of the readings changed, counted from 0, and "actual_revision" or "position"); invalid (inside
  /// a unit; a query that matches everything; what is said at CommandHandler about command ids); and those of reading
  /// and of an append.
  template <class Decide>
    requires std::same_as<std::invoke_result_t<const Decide&, const States&...>, DecisionOver>
  Result<Handled> by(const Decide& decide, const DecideOverOptions& options = {}) const {
    detail::Boundary boundary{events_, parts_, options.command, options.parts.outcomes};
    if (auto allowed = boundary.admit(); !allowed) return std::move(allowed).error();
    const auto decide_on = [&](Unit* unit) { return read_and_decide(boundary, unit, decide); };
    detail::Race race{options.races, options.parts.timers};
    for (Attempt attempt;; attempt = attempt.next()) {
      auto decided = decide_on(nullptr);
      if (!decided) return boundary.settle(boundary.earlier_or(std::move(decided).error()), attempt);
      auto outcome = events_.database().write([&](Unit& unit) { return boundary.write(unit, *decided); });
      if (outcome || outcome.error().code() != Errc::conflict) return boundary.settle(std::move(outcome), attempt);
      if (race.again(attempt, outcome.error())) continue;
      if (options.after_races == AfterRaces::give_up) return std::move(outcome).error();
      auto last = events_.database().write([&](Unit& unit) -> Result<CommandOutcome> {
        auto again = decide_on(&unit);
        if (!again) return std::move(again).error();
        return boundary.write(unit, *again);
      });
      return boundary.settle(std::move(last), attempt.next());
    }
  }

 private:
  template <class Decide>
  Result<DecisionOver> read_and_decide(detail::Boundary& boundary, Unit* unit, const Decide& decide) const {
    std::tuple<States...> states;
    boundary.begin_reading(unit);
    auto done = [&]<std::size_t... I>(std::index_sequence<I...>) {
      Result<void> read;
      static_cast<void>(((read = boundary.read(I, std::get<I>(states)), read.has_value()) && ...));
      return read;
    }(std::index_sequence_for<States...>{});
    if (!done) return std::move(done).error();
    auto decision = call_user("decide", [&] { return std::apply(decide, std::as_const(states)); });
    return decision ? std::move(decision) : Result<DecisionOver>{boundary.failed(decision.error())};
  }

  EventStore& events_;
  std::vector<detail::BoundaryPart> parts_;
};

/// Decides over several streams, or over all events that carry some tags (https://dcb.events), or both, and appends in
/// one unit what follows:
///
///     auto moved = decide_over(events, reading<Account>(from), reading<Account>(into))
///                      .by([&](const Account& source, const Account&) -> DecisionOver {
///                        if (source.cents < 500) return reject("account.insufficient_funds");
///                        return {to(from, Withdrawn{500}), to(into, Deposited{500})};
///                      });
///
///     auto enrolled = decide_over(events, reading<Course>(EventQuery::tags({"course:c1"})))
///                         .by([&](const Course& course) -> DecisionOver { ... });
///
/// A state that reads by tags usually `ignores_other_events`.
template <class... States>
[[nodiscard]] DeciderOver<States...> decide_over(EventStore& events, Reading<States>... readings) {
  return DeciderOver<States...>{events, std::move(readings)...};
}

}  // namespace cairn
