#include <cairn/cqrs/decision.hpp>

#include <gtest/gtest.h>

#include "cqrs/bank.hpp"

namespace cairn {
namespace {

using test::BankAccount;
using test::Deposited;
using test::Flagged;
using test::Withdrawn;
using Made = Decision<BankAccount::Event>;

TEST(Decision, OfOneEventHoldsIt) {
  const Made made = [&]() -> Made { return Deposited{5}; }();
  ASSERT_EQ(made.events().size(), 1U);
  EXPECT_EQ(std::get<Deposited>(made.events()[0]).cents, 5);
  EXPECT_EQ(made.rejection(), nullptr);
}

TEST(Decision, OfSeveralEventsKeepsTheirOrder) {
  const Made made = [&]() -> Made { return {Withdrawn{5}, Flagged{}, Deposited{7}}; }();
  ASSERT_EQ(made.events().size(), 3U);
  EXPECT_TRUE(std::holds_alternative<Withdrawn>(made.events()[0]));
  EXPECT_TRUE(std::holds_alternative<Flagged>(made.events()[1]));
  EXPECT_TRUE(std::holds_alternative<Deposited>(made.events()[2]));
}

TEST(Decision, TakesAVectorAndAVariantOfEvents) {
  const std::vector<BankAccount::Event> events{Deposited{1}, Withdrawn{2}};
  EXPECT_EQ(Made{events}.events().size(), 2U);
  EXPECT_EQ(Made{events[0]}.events().size(), 1U);
}

TEST(Decision, ThatNothingHappenedHasNeitherEventsNorRejection) {
  for (const Made& made : {[]() -> Made { return nothing_happened; }(), []() -> Made { return {}; }()}) {
    EXPECT_TRUE(made.events().empty());
    EXPECT_EQ(made.rejection(), nullptr);
  }
}

TEST(Decision, ToRejectKeepsCodeAndTypedDetails) {
  const Made made = [&]() -> Made { return reject("account.closed", {{"since", 2024}, {"by", "owner"}}); }();
  EXPECT_TRUE(made.events().empty());
  ASSERT_NE(made.rejection(), nullptr);
  EXPECT_EQ(made.rejection()->code(), "account.closed");
  EXPECT_EQ(made.rejection()->detail<std::int64_t>("since"), 2024);
  EXPECT_EQ(made.rejection()->detail<std::string>("by"), "owner");
}

static_assert(!std::constructible_from<Made, int>, "what is no event of the state is no decision");
static_assert(!std::constructible_from<Made, BankAccount>);

struct DecidesNothing {
  using Event = std::variant<Deposited>;
  void evolve(const Deposited&) {}
};
struct DecidesInPlace : DecidesNothing {
  Decision<Event> decide(const test::Deposit& c) { return Deposited{c.cents}; }  // not const
};
struct DecidesText : DecidesNothing {
  const char* decide(const test::Deposit&) const { return "deposited"; }
};
static_assert(!Decider<DecidesNothing>, "it has no decide at all");
static_assert(!Decider<DecidesInPlace, test::Deposit>, "decide is const");
static_assert(!Decider<DecidesText, test::Deposit>, "decide gives a Decision of the state's events");
static_assert(!Decider<BankAccount, int>, "no decide for this command");
struct ListsWhatItDoesNotDecide : BankAccount {
  using Command = std::variant<test::Deposit, int>;
};
static_assert(!Decider<ListsWhatItDoesNotDecide>, "each command it lists is decided");

}  // namespace
}  // namespace cairn
