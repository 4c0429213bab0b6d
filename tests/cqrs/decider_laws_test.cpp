#include <cairn/cqrs/decider_laws.hpp>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "cqrs/bank.hpp"

namespace cairn {
namespace {

using test::BankAccount;
using test::Deposit;
using test::Deposited;
using test::Withdraw;
using test::Withdrawn;

BankAccount::Command any_command(Random& random) {
  const auto cents = static_cast<std::int64_t>(random.below(1'500));
  if (random.below(2) == 0) return Deposit{cents};
  return Withdraw{cents};
}
Deposit any_deposit(Random& random) { return Deposit{static_cast<std::int64_t>(random.below(100))}; }

std::string why_not(const TestVerdict& verdict) {
  EXPECT_FALSE(verdict);
  return verdict.message();
}

TEST(DeciderLaws, AreKeptByAGoodDecider) { EXPECT_TRUE(keeps_decider_laws<BankAccount>(any_command)); }

/// A limit that decide does not know of.
struct Forgetful : BankAccount {
  static constexpr auto type = "forgetful";
  using BankAccount::evolve;
  void evolve(const Deposited& e) {
    if (cents > 200) throw std::runtime_error{"too rich"};
    cents += e.cents;
  }
};
TEST(DeciderLaws, FindAnEvolveThatRefusesWhatDecideProduced) {
  const std::string why = why_not(keeps_decider_laws<Forgetful>(any_deposit));
  EXPECT_NE(why.find("evolve refuses what decide produced"), std::string::npos) << why;
  EXPECT_NE(why.find("seed 1"), std::string::npos) << why;
  EXPECT_NE(why.find("    account.deposited "), std::string::npos) << "the history is shown";
}

struct Shared {
  using Event = std::variant<Deposited>;
  std::shared_ptr<std::int64_t> cents = std::make_shared<std::int64_t>(0);
  Decision<Event> decide(const Deposit& c) const { return Deposited{c.cents}; }
  void evolve(const Deposited& e) { *cents += e.cents; }
  friend bool operator==(const Shared& a, const Shared& b) { return *a.cents == *b.cents; }
};
TEST(DeciderLaws, FindAStateWhoseCopiesAreTheSameThing) {
  const std::string why = why_not(keeps_decider_laws<Shared>(any_deposit));
  EXPECT_NE(why.find("shares what it changes"), std::string::npos) << why;
}

/// Its snapshot leaves out a part.
struct HalfStored {
  static constexpr auto type = "half_stored";
  using Event = std::variant<Deposited>;
  std::int64_t cents = 0;
  std::int64_t deposits = 0;
  Decision<Event> decide(const Deposit& c) const { return Deposited{c.cents}; }
  void evolve(const Deposited& e) {
    cents += e.cents;
    ++deposits;
  }
  static Bytes encode(const HalfStored& state) { return test::to_text(state.cents); }
  static Result<HalfStored> decode(BytesView bytes) {
    return test::from_text(bytes).transform([](std::int64_t number) { return HalfStored{.cents = number}; });
  }
  friend bool operator==(const HalfStored&, const HalfStored&) = default;
};
TEST(DeciderLaws, FindASnapshotThatLeavesSomethingOut) {
  const std::string why = why_not(keeps_decider_laws<HalfStored>(any_deposit));
  EXPECT_NE(why.find("a snapshot taken"), std::string::npos) << why;
}

/// Events that do not survive being stored.
struct Rounded {
  static constexpr auto type = "account.rounded";
  std::int64_t cents = 0;
  static Bytes encode(const Rounded& event) { return test::to_text(event.cents / 10); }
  static Result<Rounded> decode(BytesView bytes) {
    return test::from_text(bytes).transform([](std::int64_t number) { return Rounded{number * 10}; });
  }
};
struct Rounding {
  using Event = std::variant<Rounded>;
  std::int64_t cents = 0;
  Decision<Event> decide(const Deposit& c) const { return Rounded{c.cents}; }
  void evolve(const Rounded& e) { cents += e.cents; }
  friend bool operator==(const Rounding&, const Rounding&) = default;
};
TEST(DeciderLaws, FindAnEventThatIsReadBackAsAnother) {
  const std::string why = why_not(keeps_decider_laws<Rounding>(any_deposit));
  EXPECT_NE(why.find("folding in two parts is not folding whole"), std::string::npos) << why;
}

TEST(DeciderLaws, FindADecideThatThrows) {
  const std::string why = why_not(keeps_decider_laws<BankAccount>([](Random&) { return test::Crash{}; }));
  EXPECT_NE(why.find("decide failed: decide: no such account book"), std::string::npos) << why;
}

}  // namespace
}  // namespace cairn
