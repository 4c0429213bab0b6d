#pragma once

#include <concepts>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <cairn/core/rejection.hpp>

namespace cairn {

/// The answer to a command that changes nothing and is right all the same: `return nothing_happened;`.
struct NothingHappened {};
inline constexpr NothingHappened nothing_happened{};

/// The answer to a command that the domain refuses: `return reject("account.insufficient_funds", {{"balance", 300}});`.
/// The code is for programs and stable; the details are for whoever has to explain it.
[[nodiscard]] inline Rejection reject(std::string code, std::vector<RejectionDetail> details = {}) {
  return Rejection{std::move(code), std::move(details)};
}

namespace detail {
template <class T, class Event>
inline constexpr bool is_event_of = std::same_as<T, Event>;
template <class T, class... Events>
inline constexpr bool is_event_of<T, std::variant<Events...>> =
    std::same_as<T, std::variant<Events...>> || (std::same_as<T, Events> || ...);
}  // namespace detail

/// What a command comes to: one event, several in order, none, or a rejection.
///
///     Decision<Event> decide(const Withdraw& c) const {
///       if (c.cents == 0) return nothing_happened;
///       if (c.cents > balance) return reject("account.insufficient_funds", {{"balance", balance}});
///       if (c.cents > limit) return {Withdrawn{c.cents}, Flagged{}};
///       return Withdrawn{c.cents};
///     }
///
/// `Event` is the state's variant of events; a vector of them is taken as well. One event costs no allocation.
template <class Event>
class [[nodiscard]] Decision {
 public:
  /// Nothing happened.
  Decision() = default;
  Decision(NothingHappened) {}
  Decision(Rejection rejection) : made_{std::in_place_type<Rejection>, std::move(rejection)} {}
  template <class T>
    requires detail::is_event_of<std::remove_cvref_t<T>, Event>
  Decision(T&& event) : made_{std::in_place_type<One>, Event{std::forward<T>(event)}} {}
  template <class First, class Second, class... More>
    requires(detail::is_event_of<std::remove_cvref_t<First>, Event> &&
             detail::is_event_of<std::remove_cvref_t<Second>, Event> &&
             (detail::is_event_of<std::remove_cvref_t<More>, Event> && ...))
  Decision(First&& first, Second&& second, More&&... more) : made_{std::in_place_type<std::vector<Event>>} {
    auto& events = *std::get_if<std::vector<Event>>(&made_);
    events.reserve(2 + sizeof...(More));
    events.emplace_back(std::forward<First>(first));
    events.emplace_back(std::forward<Second>(second));
    (events.emplace_back(std::forward<More>(more)), ...);
  }
  Decision(std::vector<Event> events) : made_{std::in_place_type<std::vector<Event>>, std::move(events)} {}

  /// In order; none when nothing happened or the command was rejected.
  [[nodiscard]] std::span<const Event> events() const noexcept {
    if (const One* one = std::get_if<One>(&made_)) return {&one->event, 1};
    if (const auto* several = std::get_if<std::vector<Event>>(&made_)) return *several;
    return {};
  }
  /// Why not; nullptr unless the command was rejected.
  [[nodiscard]] const Rejection* rejection() const noexcept { return std::get_if<Rejection>(&made_); }

 private:
  struct One {
    explicit One(Event given) : event{std::move(given)} {}
    Event event;
  };
  std::variant<std::monostate, One, std::vector<Event>, Rejection> made_;
};

}  // namespace cairn
