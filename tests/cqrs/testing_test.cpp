#include <cairn/cqrs/testing.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "cqrs/bank.hpp"

namespace cairn {
namespace {

using test::BankAccount;
using test::Deposit;
using test::Deposited;
using test::Flagged;
using test::Withdraw;
using test::Withdrawn;

TEST(Scenario, HoldsWhenTheDecisionIsTheOneClaimed) {
  EXPECT_TRUE(given<BankAccount>().when(Deposit{300}).then(Deposited{300}));
  EXPECT_TRUE(given<BankAccount>(Deposited{5'000}).when(Withdraw{2'000}).then(Withdrawn{2'000}, Flagged{}));
  EXPECT_TRUE(given<BankAccount>(Deposited{300}).when(Withdraw{500}).then_rejected("account.insufficient_funds"));
  EXPECT_TRUE(given<BankAccount>(Deposited{300})
                  .when(Withdraw{500})
                  .then_rejected(reject("account.insufficient_funds", {{"balance", 300}, {"asked", 500}})));
  EXPECT_TRUE(given<BankAccount>().when(Deposit{0}).then_nothing());
  EXPECT_EQ(given<BankAccount>(Deposited{300}).when(Withdraw{100}).state().cents, 200);
}

TEST(Scenario, FailsWhenTheDecisionIsAnother) {
  const auto withdraw = given<BankAccount>(Deposited{300}).when(Withdraw{200});
  EXPECT_FALSE(withdraw.then(Withdrawn{201})) << "another amount";
  EXPECT_FALSE(withdraw.then(Withdrawn{200}, Flagged{})) << "one more";
  EXPECT_FALSE(withdraw.then_nothing());
  EXPECT_FALSE(withdraw.then_rejected("account.insufficient_funds"));
  const auto too_much = given<BankAccount>(Deposited{300}).when(Withdraw{500});
  EXPECT_FALSE(too_much.then(Withdrawn{500}));
  EXPECT_FALSE(too_much.then_nothing());
  EXPECT_FALSE(too_much.then_rejected("account.closed"));
  EXPECT_FALSE(too_much.then_rejected(reject("account.insufficient_funds", {{"balance", 301}, {"asked", 500}})));
  EXPECT_FALSE(given<BankAccount>().when(test::Crash{}).then_nothing());
  EXPECT_FALSE(given<BankAccount>().when(test::Crash{}).then_rejected("account.insufficient_funds"));
}

TEST(Scenario, SaysWhatWasGivenExpectedAndDecidedLineByLine) {
  const auto verdict = given<BankAccount>(Deposited{5'000}).when(Withdraw{2'000}).then(Withdrawn{2'000}, Deposited{1});
  EXPECT_EQ(verdict.message(),
            "given\n"
            "    account.deposited 5000\n"
            "then, - expected, + decided:\n"
            "    account.withdrawn 2000\n"
            "  - account.deposited 1\n"
            "  + account.flagged\n");
  EXPECT_EQ(given<BankAccount>().when(Withdraw{2}).then(Withdrawn{2}).message(),
            "given nothing\n"
            "then, - expected, + decided:\n"
            "  - account.withdrawn 2\n"
            "  + rejected account.insufficient_funds (balance 0, asked 2)\n");
  EXPECT_EQ(given<BankAccount>().when(Deposit{0}).then_rejected("account.closed").message(),
            "given nothing\n"
            "then, - expected, + decided:\n"
            "  - rejected account.closed\n"
            "  + nothing happened\n");
  EXPECT_EQ(given<BankAccount>().when(test::Crash{}).then_nothing().message(),
            "given nothing\n"
            "then, - expected, + decided:\n"
            "  - nothing happened\n"
            "  + handler_failed: decide: no such account book\n");
}

TEST(Scenario, GivesTheTestFrameworkItsMessage) {
  const testing::AssertionResult result = given<BankAccount>().when(Deposit{0}).then_rejected("account.closed");
  EXPECT_FALSE(result);
  EXPECT_NE(std::string{result.message()}.find("- rejected account.closed"), std::string::npos);
}

struct NoCodec {
  static constexpr auto type = "opaque";
  int number = 0;
  friend bool operator==(const NoCodec&, const NoCodec&) = default;
};

TEST(EventText, ShowsDataThatIsTextAndTheRestAsBase64) {
  EXPECT_EQ(detail::event_text(Deposited{300}), "account.deposited 300");
  EXPECT_EQ(detail::event_text("a.b", ContentType::binary, as_bytes("\x01")), "a.b base64 AQ==");
  EXPECT_EQ(detail::event_text("a.b", ContentType::json, as_bytes("{}")), "a.b {}");
  EXPECT_EQ(detail::event_text(NoCodec{1}), "opaque") << "a type without a Codec is its name";
  EXPECT_FALSE(detail::is_same_value(NoCodec{1}, NoCodec{2}));
}

/// Allows what it cannot bear.
struct Overdrawn {
  using Event = std::variant<Deposited, Withdrawn>;
  std::int64_t cents = 0;
  Decision<Event> decide(const Withdraw& c) const { return Withdrawn{c.cents}; }
  void evolve(const Deposited& e) { cents += e.cents; }
  void evolve(const Withdrawn& e) {
    if (e.cents > cents) throw std::runtime_error{"overdrawn"};
    cents -= e.cents;
  }
};

TEST(Scenario, FailsWhenTheStateRefusesWhatItDecided) {
  const auto verdict = given<Overdrawn>().when(Withdraw{5}).then(Withdrawn{5});
  EXPECT_FALSE(verdict);
  EXPECT_NE(verdict.message().find("evolve refuses account.withdrawn 5: evolve: overdrawn"), std::string::npos)
      << verdict.message();
  EXPECT_TRUE(given<Overdrawn>(Deposited{5}).when(Withdraw{5}).then(Withdrawn{5}));
}

TEST(Scenario, FailsWhenTheHistoryCannotBe) {
  const auto verdict = given<Overdrawn>(Withdrawn{5}).when(Withdraw{5}).then_nothing();
  EXPECT_NE(verdict.message().find("given account.withdrawn 5: evolve: overdrawn"), std::string::npos)
      << verdict.message();
}

}  // namespace
}  // namespace cairn
