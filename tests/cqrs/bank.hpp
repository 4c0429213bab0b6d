#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <variant>
#include <vector>

#include <cairn/core/codec.hpp>
#include <cairn/cqrs/decider.hpp>

#include "eventstore/bank_account.hpp"

namespace cairn::test {

struct Flagged {
  static constexpr auto type = "account.flagged";
  static Bytes encode(const Flagged&) { return {}; }
  static Result<Flagged> decode(BytesView) { return Flagged{}; }
};

struct Deposit {
  std::int64_t cents = 0;
};
/// It has a name and bytes, so that one is told from another.
struct Withdraw {
  static constexpr auto type = "withdraw";
  std::int64_t cents = 0;
  static Bytes encode(const Withdraw& command) { return to_text(command.cents); }
  static Result<Withdraw> decode(BytesView bytes) {
    return from_text(bytes).transform([](std::int64_t number) { return Withdraw{number}; });
  }
};
/// Decided by code that throws.
struct Crash {};

/// An account whose balance never falls below zero, with a flag for large withdrawals.
struct BankAccount {
  static constexpr auto type = "bank_account";
  using Event = std::variant<Deposited, Withdrawn, Flagged>;
  using Command = std::variant<Deposit, Withdraw>;
  std::int64_t cents = 0;
  std::int64_t flags = 0;

  Decision<Event> decide(const Deposit& c) const {
    if (c.cents == 0) return nothing_happened;
    return Deposited{c.cents};
  }
  Decision<Event> decide(const Withdraw& c) const {
    if (c.cents > cents) return reject("account.insufficient_funds", {{"balance", cents}, {"asked", c.cents}});
    if (c.cents >= 1'000) return {Withdrawn{c.cents}, Flagged{}};
    return Withdrawn{c.cents};
  }
  Decision<Event> decide(const Crash&) const { throw std::runtime_error{"no such account book"}; }

  void evolve(const Deposited& e) { cents += e.cents; }
  void evolve(const Withdrawn& e) { cents -= e.cents; }
  void evolve(const Flagged&) { ++flags; }

  static Bytes encode(const BankAccount& account) { return to_text(account.cents * 1'000 + account.flags); }
  static Result<BankAccount> decode(BytesView bytes) {
    return from_text(bytes).transform(
        [](std::int64_t number) { return BankAccount{.cents = number / 1'000, .flags = number % 1'000}; });
  }
  friend bool operator==(const BankAccount&, const BankAccount&) = default;
};
static_assert(Decider<BankAccount, Deposit, Withdraw, Crash>);
static_assert(SnapshotState<BankAccount>);

}  // namespace cairn::test
