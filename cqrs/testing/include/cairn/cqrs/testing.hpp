#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <cairn/core/rejection.hpp>
#include <cairn/core/result.hpp>
#include <cairn/cqrs/decider.hpp>
#include <cairn/cqrs/event_text.hpp>
#include <cairn/cqrs/test_verdict.hpp>

namespace cairn {

/// What a decider did with a command, to be held against what it should have done. The claims compare events by ==, or
/// by their bytes where there is none. Each also fails when the state does not accept what it decided.
template <Decider State>
class Decided final {
 public:
  using Event = typename State::Event;

  Decided(std::vector<Event> history, State state, Result<Decision<Event>> decision)
      : history_{std::move(history)}, state_{std::move(state)}, decision_{std::move(decision)} {
    if (!decision_) return;
    for (const Event& event : decision_->events()) {
      auto done = evolve(state_, event);
      if (!done && !refused_) refused_ = detail::event_text(event) + ": " + done.error().message();
    }
  }

  /// Exactly these events, in this order: `.then(Withdrawn{500}, Flagged{})`.
  template <class... Events>
  [[nodiscard]] TestVerdict then(const Events&... events) const {
    const std::vector<Event> expected{Event{events}...};
    if (auto wrong = wrong_kind(sizeof...(events) > 0)) return differs(expected, *wrong);
    const auto actual = decision_->events();
    std::vector<bool> same;
    for (const Event& one : expected) {
      for (const Event& other : actual) same.push_back(detail::is_same_event(one, other));
    }
    bool equal = expected.size() == actual.size();
    for (std::size_t i = 0; equal && i < actual.size(); ++i) equal = same[i * actual.size() + i];
    if (equal) return TestVerdict::holds();
    return TestVerdict::fails(given_lines() + "then, - expected, + decided:\n" +
                              detail::line_diff(lines(expected), lines(actual), same));
  }
  /// No event, and no rejection.
  [[nodiscard]] TestVerdict then_nothing() const { return then(); }
  /// A rejection with this code, whatever its details.
  [[nodiscard]] TestVerdict then_rejected(std::string_view code) const {
    const Rejection* no = decision_ ? decision_->rejection() : nullptr;
    if (no != nullptr && no->code() == code) return TestVerdict::holds();
    return not_rejected(std::string{code});
  }
  /// This rejection, details and all.
  [[nodiscard]] TestVerdict then_rejected(const Rejection& rejection) const {
    const Rejection* no = decision_ ? decision_->rejection() : nullptr;
    if (no != nullptr && *no == rejection) return TestVerdict::holds();
    return not_rejected(rejection.to_string());
  }

  /// With what was decided in it.
  [[nodiscard]] const State& state() const noexcept { return state_; }

 private:
  static std::vector<std::string> lines(std::span<const Event> events) {
    std::vector<std::string> all;
    for (const Event& event : events) all.push_back(detail::event_text(event));
    return all;
  }
  static std::string block(std::string_view mark, const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text.append(mark).append(line).append("\n");
    return text;
  }
  std::string given_lines() const {
    return history_.empty() ? "given nothing\n" : "given\n" + block("    ", lines(history_));
  }
  std::string decided_lines() const {
    if (!decision_) return "  + " + decision_.error().to_string() + "\n";
    if (const Rejection* no = decision_->rejection()) return "  + rejected " + no->to_string() + "\n";
    if (decision_->events().empty()) return "  + nothing happened\n";
    return block("  + ", lines(decision_->events()));
  }
  // What was decided instead of events (or of nothing), if so.
  std::optional<std::string> wrong_kind(bool events_expected) const {
    if (refused_) return decided_lines() + "but evolve refuses " + *refused_ + "\n";
    if (!decision_ || decision_->rejection() != nullptr) return decided_lines();
    if (events_expected == decision_->events().empty()) return decided_lines();
    return std::nullopt;
  }
  TestVerdict differs(const std::vector<Event>& expected, const std::string& actual) const {
    const std::string wanted = expected.empty() ? "  - nothing happened\n" : block("  - ", lines(expected));
    return TestVerdict::fails(given_lines() + "then, - expected, + decided:\n" + wanted + actual);
  }
  TestVerdict not_rejected(const std::string& expected) const {
    return TestVerdict::fails(given_lines() + "then, - expected, + decided:\n  - rejected " + expected + "\n" +
                              decided_lines());
  }

  std::vector<Event> history_;
  State state_;
  Result<Decision<Event>> decision_;
  std::optional<std::string> refused_;
};

/// A state with a history: see given().
template <Decider State>
class Given final {
 public:
  explicit Given(std::vector<typename State::Event> history) : history_{std::move(history)} {}

  template <class Command>
    requires Decides<State, Command>
  [[nodiscard]] Decided<State> when(const Command& command) const {
    State state{};
    for (const auto& event : history_) {
      if (auto done = evolve(state, event); !done) {
        return {history_, std::move(state),
                Error{done.error().code(), "given " + detail::event_text(event) + ": " + done.error().message()}};
      }
    }
    auto decision = decide(state, command);
    return {history_, std::move(state), std::move(decision)};
  }

 private:
  std::vector<typename State::Event> history_;
};

/// Tests a decider on plain values, without a store:
///
///     EXPECT_TRUE(given<Account>(Deposited{300}).when(Withdraw{200}).then(Withdrawn{200}));
///     EXPECT_TRUE(given<Account>(Deposited{300}).when(Withdraw{500}).then_rejected("account.insufficient_funds"));
///     EXPECT_TRUE(given<Account>().when(Deposit{0}).then_nothing());
///
/// A claim that fails says what was given, expected and decided, one event a line with its data.
template <Decider State, class... Events>
[[nodiscard]] Given<State> given(const Events&... events) {
  return Given<State>{std::vector<typename State::Event>{typename State::Event{events}...}};
}

}  // namespace cairn
