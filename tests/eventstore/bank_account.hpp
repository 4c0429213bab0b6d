#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <variant>

#include <cairn/core/codec.hpp>
#include <cairn/eventstore/evolving_state.hpp>
#include <cairn/eventstore/snapshot.hpp>

namespace cairn::test {

/// Whole numbers as text, with spaces between them.
[[nodiscard]] inline Bytes to_text(std::int64_t number) {
  const std::string text = std::to_string(number);
  return {as_bytes(text).begin(), as_bytes(text).end()};
}
[[nodiscard]] inline Result<std::int64_t> from_text(BytesView bytes) {
  const std::string_view text = as_text(bytes);
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size()) return Error{Errc::invalid, "no number"};
  return number;
}

struct Deposited {
  static constexpr auto type = "account.deposited";
  std::int64_t cents = 0;
  static Bytes encode(const Deposited& event) { return to_text(event.cents); }
  static Result<Deposited> decode(BytesView bytes) {
    return from_text(bytes).transform([](std::int64_t number) { return Deposited{number}; });
  }
};
struct Withdrawn {
  static constexpr auto type = "account.withdrawn";
  std::int64_t cents = 0;
  static Bytes encode(const Withdrawn& event) { return to_text(event.cents); }
  static Result<Withdrawn> decode(BytesView bytes) {
    return from_text(bytes).transform([](std::int64_t number) { return Withdrawn{number}; });
  }
};

struct Account {
  static constexpr auto type = "account";
  using Event = std::variant<Deposited, Withdrawn>;
  std::int64_t cents = 0;
  void evolve(const Deposited& event) { cents += event.cents; }
  void evolve(const Withdrawn& event) { cents -= event.cents; }

  static Bytes encode(const Account& account) { return to_text(account.cents); }
  static Result<Account> decode(BytesView bytes) {
    return from_text(bytes).transform([](std::int64_t number) { return Account{number}; });
  }
};
static_assert(SnapshotState<Account>);

}  // namespace cairn::test
