#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <cairn/core/codec.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/result.hpp>
#include <cairn/cqrs/decider.hpp>
#include <cairn/cqrs/event_text.hpp>
#include <cairn/cqrs/test_verdict.hpp>

namespace cairn {

struct DeciderLawsOptions {
  std::uint64_t seed = 1;
  std::size_t histories = 100;
  std::size_t commands = 30;  ///< in each of them
};

namespace detail {

/// The value as it comes back from the store; itself when it has no Codec. Errors: those of the codec.
template <class T>
[[nodiscard]] Result<T> stored_and_read(const T& value) {
  if constexpr (Encodable<T>) {
    auto data = Codec<T>::encode(value);
    if (!data) return std::move(data).error();
    return Codec<T>::decode(EventTraits<T>::type, EventTraits<T>::schema_version, Codec<T>::content_type, *data);
  } else {
    return value;
  }
}
template <class... Events>
[[nodiscard]] Result<std::variant<Events...>> stored_and_read(const std::variant<Events...>& event) {
  return std::visit(
      [](const auto& one) -> Result<std::variant<Events...>> {
        auto read = stored_and_read(one);
        if (!read) return std::move(read).error();
        return std::variant<Events...>{*std::move(read)};
      },
      event);
}

template <Decider State>
class LawCheck final {
 public:
  using Event = typename State::Event;

  /// Grows a history by what `command` comes to. False: a law is broken, see why().
  template <class Command>
  bool step(const Command& command) {
    auto decision = decide(whole_, command);
    if (!decision) return broken("decide failed: " + decision.error().message());
    for (const Event& event : decision->events()) {
      history_.push_back(event);
      if (auto done = evolve(whole_, event); !done) {
        return broken("evolve refuses what decide produced: " + done.error().message());
      }
    }
    return true;
  }
  template <class... Commands>
  bool step(const std::variant<Commands...>& command) {
    return std::visit([this](const auto& one) { return step(one); }, command);
  }

  /// Folds the history again, as it is read back, in two parts split anywhere, with the state between them copied and
  /// stored as a snapshot.
  bool split(std::size_t at) {
    State first{};
    if (!fold(first, 0, at)) return false;
    auto second = stored_and_read(first);
    if (!second) return broken("the state cannot be stored: " + second.error().message());
    if (!fold(*second, at, history_.size())) return false;
    const std::string where = "after " + std::to_string(at) + " of " + std::to_string(history_.size()) + " events";
    State again{};
    if (!fold(again, 0, at)) return false;
    State copy = first;
    if (!fold(copy, at, history_.size())) return false;
    if (!is_same_value(again, first)) return broken("a copy of the state shares what it changes, " + where);
    if (!is_same_value(copy, whole_)) return broken("folding in two parts is not folding whole, split " + where);
    return is_same_value(*second, whole_) || broken("a snapshot taken " + where + " leads to another state");
  }

  [[nodiscard]] std::size_t events() const noexcept { return history_.size(); }
  [[nodiscard]] std::string why() const {
    std::string text = why_ + "\nhistory\n";
    for (const Event& event : history_) text += "    " + event_text(event) + "\n";
    return text;
  }

 private:
  bool fold(State& state, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      auto read = stored_and_read(history_[i]);
      if (!read) return broken(event_text(history_[i]) + " cannot be read back: " + read.error().message());
      if (auto done = evolve(state, *read); !done)
        return broken("evolve refuses a stored event: " + done.error().message());
    }
    return true;
  }
  bool broken(std::string why) {
    why_ = std::move(why);
    return false;
  }

  State whole_{};
  std::vector<Event> history_;
  std::string why_;
};

}  // namespace detail

/// Checks what every decider must keep, over histories made of commands from `make_command(Random&)`, which returns a
/// command or a std::variant of commands:
///
/// - `decide` does not throw, and `evolve` never refuses what `decide` produced;
/// - folding events in two parts is folding them whole, also when the first part is a copy, or was stored as a
/// snapshot;
/// - events and states mean the same after they were encoded and decoded.
///
/// States are compared by ==, or by their bytes where there is none. A failure names the seed and shows the history.
template <Decider State, class MakeCommand>
[[nodiscard]] TestVerdict keeps_decider_laws(MakeCommand make_command, const DeciderLawsOptions& options = {}) {
  for (std::size_t history = 0; history < options.histories; ++history) {
    const std::uint64_t seed = options.seed + history;
    SeededRandom random{seed};
    detail::LawCheck<State> check;
    bool kept = true;
    for (std::size_t i = 0; kept && i < options.commands; ++i) kept = check.step(std::invoke(make_command, random));
    for (std::size_t at = 0; kept && at <= check.events(); ++at) kept = check.split(at);
    if (!kept) return TestVerdict::fails("seed " + std::to_string(seed) + ": " + check.why());
  }
  return TestVerdict::holds();
}

}  // namespace cairn
