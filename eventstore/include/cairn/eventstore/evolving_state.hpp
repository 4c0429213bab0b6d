#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <cairn/core/call_user.hpp>
#include <cairn/core/codec.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/recorded_event.hpp>

namespace cairn {

namespace detail {

template <class State, class Event>
concept EvolvesOver = Encodable<Event> && requires(State& state, const Event& event) { state.evolve(event); };

template <class State, class Event>
struct EvolvesOverEach : std::false_type {};
template <class State, class... Events>
struct EvolvesOverEach<State, std::variant<Events...>> : std::bool_constant<(EvolvesOver<State, Events> && ...)> {};

template <class State>
concept LeavesOutOtherEvents = requires { requires State::ignores_other_events; };

}  // namespace detail

/// A state that is what its events add up to. `State{}` is the state before the first event; `evolve` is pure and never
/// refuses, because an event is a fact:
///
///     struct Account {
///       using Event = std::variant<Deposited, Withdrawn>;
///       int cents = 0;
///       void evolve(const Deposited& e) { cents += e.cents; }
///       void evolve(const Withdrawn& e) { cents -= e.cents; }
///     };
///     static_assert(EvolvingState<Account>);
///
/// An event of a type that is not among `Event` is an error, so that none is left out by mistake; a state that looks at
/// some events of its stream only says so with `static constexpr bool ignores_other_events = true`.
template <class State>
concept EvolvingState = std::default_initializable<State> && std::movable<State> && requires {
  typename State::Event;
} && detail::EvolvesOverEach<State, typename State::Event>::value;

namespace detail {

/// unknown_schema: the state has no evolve for it.
[[nodiscard]] Error no_evolve_for(const RecordedEvent& event);
/// "evolve account-42 revision 7".
[[nodiscard]] std::string evolve_call(const RecordedEvent& event);

// The first alternative whose type name is the event's; true when there is one.
template <class State, class Event>
Result<bool> evolve_if(State& state, const RecordedEvent& event) {
  if (event.type != EventTraits<Event>::type) return false;
  auto decoded = decode<Event>(event);
  if (!decoded) return std::move(decoded).error();
  // Named only when it threw: a replay comes through here for every event.
  auto done = call_user("evolve", [&] { state.evolve(*decoded); });
  if (!done) return Error{done.error().code(), evolve_call(event) + ": " + done.error().message()};
  return true;
}

template <class State, class... Events>
Result<bool> evolve_any(State& state, const RecordedEvent& event, std::type_identity<std::variant<Events...>>) {
  Result<bool> found = false;
  static_cast<void>(((found = evolve_if<State, Events>(state, event), !found || *found) || ...));
  return found;
}

}  // namespace detail

/// Applies one stored event to `state`.
/// Errors: unknown_schema (a type that is not in State::Event, or a schema version without a path), invalid (bytes that
/// are no such event), handler_failed (evolve threw). `state` is then as evolve left it: drop it.
template <EvolvingState State>
Result<void> evolve(State& state, const RecordedEvent& event) {
  auto found = detail::evolve_any(state, event, std::type_identity<typename State::Event>{});
  if (!found) return std::move(found).error();
  if (*found || detail::LeavesOutOtherEvents<State>) return {};
  return detail::no_evolve_for(event);
}

}  // namespace cairn
