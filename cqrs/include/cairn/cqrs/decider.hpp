#pragma once

#include <concepts>
#include <type_traits>
#include <variant>

#include <cairn/core/call_user.hpp>
#include <cairn/core/result.hpp>
#include <cairn/cqrs/decision.hpp>
#include <cairn/eventstore/evolving_state.hpp>

namespace cairn {

/// A state that can tell what a command of this type comes to. `decide` is const and pure: no clock, no I/O, no chance;
/// what it needs of the world arrives inside the command.
template <class State, class Command>
concept Decides = EvolvingState<State> && requires(const State& state, const Command& command) {
  { state.decide(command) } -> std::same_as<Decision<typename State::Event>>;
};

namespace detail {

struct AlsoNamesDecide {
  int decide = 0;
};
template <class State>
struct NamesDecideTwice : State, AlsoNamesDecide {};
// An overloaded member has no address to ask for; a name that two bases have cannot be taken either.
template <class State>
concept NamesDecide = std::is_final_v<State> || !requires { &NamesDecideTwice<State>::decide; };

template <class State>
concept ListsCommands = requires { typename State::Command; };
template <class State, class Command>
inline constexpr bool decides_each = Decides<State, Command>;
template <class State, class... Commands>
inline constexpr bool decides_each<State, std::variant<Commands...>> = (Decides<State, Commands> && ...);

template <class State>
constexpr bool decides_what_it_lists() {
  if constexpr (ListsCommands<State>) return decides_each<State, typename State::Command>;
  return true;
}

}  // namespace detail

/// An EvolvingState that also decides: what CommandHandler handles commands with.
///
///     struct Account {
///       using Event = std::variant<Deposited, Withdrawn>;
///       std::int64_t cents = 0;
///       Decision<Event> decide(const Deposit& c) const { return Deposited{c.cents}; }
///       Decision<Event> decide(const Withdraw& c) const;
///       void evolve(const Deposited& e) { cents += e.cents; }
///       void evolve(const Withdrawn& e) { cents -= e.cents; }
///     };
///     static_assert(Decider<Account, Deposit, Withdraw>);
///
/// The commands to be checked are those named, and those of `using Command = std::variant<...>` if the state has that.
/// A state is copied for each command that changes it, so it must be copyable.
template <class State, class... Commands>
concept Decider = EvolvingState<State> && std::copy_constructible<State> && detail::NamesDecide<State> &&
                  detail::decides_what_it_lists<State>() && (Decides<State, Commands> && ...);

/// What the command comes to on this state. Errors: handler_failed (decide threw).
template <class State, class Command>
  requires Decides<State, Command>
[[nodiscard]] Result<Decision<typename State::Event>> decide(const State& state, const Command& command) {
  return call_user("decide", [&] { return state.decide(command); });
}

/// Applies an event that was decided and never stored. Errors: handler_failed (evolve threw).
template <EvolvingState State>
Result<void> evolve(State& state, const typename State::Event& event) {
  return call_user("evolve", [&] { std::visit([&state](const auto& one) { state.evolve(one); }, event); });
}

}  // namespace cairn
