#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/codec/json.hpp>
#include <cairn/cqrs/command_handler.hpp>
#include <cairn/cqrs/decide_over.hpp>
#include <cairn/cqrs/decider_laws.hpp>
#include <cairn/cqrs/testing.hpp>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

struct Deposited {
  static constexpr auto type = "account.deposited";
  std::int64_t cents = 0;
};
struct Withdrawn {
  static constexpr auto type = "account.withdrawn";
  std::int64_t cents = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Deposited, cents)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Withdrawn, cents)
struct Deposit {
  std::int64_t cents = 0;
};
struct Withdraw {
  std::int64_t cents = 0;
};

// The examples of cqrs/README.md, line by line.
// clang-format off
struct Account {                                                    // Account{} is the initial state
  using Event = std::variant<Deposited, Withdrawn>;
  std::int64_t cents = 0;
  Decision<Event> decide(const Deposit& c) const { return Deposited{c.cents}; }
  Decision<Event> decide(const Withdraw& c) const {
    if (c.cents > cents) return reject("account.insufficient_funds", {{"balance", cents}});
    return Withdrawn{c.cents};
  }
  void evolve(const Deposited& e) { cents += e.cents; }
  void evolve(const Withdrawn& e) { cents -= e.cents; }
  friend bool operator==(const Account&, const Account&) = default;
};
static_assert(Decider<Account, Deposit, Withdraw>);
// clang-format on

std::vector<std::string> shown;
void show(const std::string& code, std::optional<std::int64_t> balance) {
  shown.push_back(code + " " + std::to_string(balance.value_or(-1)));
}

TEST(ReadmeExample, HandlesCommands) {
  test::MemoryStore store;
  EventStore& events = *store;
  Database& database = store.database();
  // clang-format off
CommandHandler<Account> accounts{events, "account"};                // streams "account-<id>"
auto done = accounts.handle("42", Withdraw{500});                   // load, decide, append; decides again on conflict
if (const Rejection* no = done ? nullptr : done.error().rejection()) {
  show(no->code(), no->detail<std::int64_t>("balance"));            // the domain said no
}
  // clang-format on
  EXPECT_EQ(shown, std::vector<std::string>{"account.insufficient_funds 0"});

  SystemClock clock;
  SeededRandom random{1};
  const Uuid id = UuidV7Source{clock, random}.next();
  // clang-format off
auto outcomes = CommandOutcomes::open(database).value();
CommandHandler<Account> careful{events, "account", {}, {.outcomes = outcomes.get()}};
auto first = careful.handle("42", Deposit{500}, {.command_id = id});
auto again = careful.handle("42", Deposit{500}, {.command_id = id});  // again->repeated, and nothing is appended
  // clang-format on
  EXPECT_FALSE(first.value().repeated);
  EXPECT_TRUE(again.value().repeated);
  EXPECT_EQ(store->head(), GlobalPosition{1});

  const StreamId from{"account-42"};
  const StreamId into{"account-43"};
  // clang-format off
auto moved = decide_over(events, reading<Account>(from), reading<Account>(into))
                 .by([&](const Account& source, const Account&) -> DecisionOver {
                   if (source.cents < 500) return reject("account.insufficient_funds");
                   return {to(from, Withdrawn{500}), to(into, Deposited{500})};
                 });
  // clang-format on
  EXPECT_EQ(moved.value().events, 2U);
}

TEST(ReadmeExample, TestsADecider) {
  // clang-format off
EXPECT_TRUE(given<Account>(Deposited{300}).when(Withdraw{200}).then(Withdrawn{200}));
EXPECT_TRUE(given<Account>(Deposited{300}).when(Withdraw{500}).then_rejected("account.insufficient_funds"));
EXPECT_TRUE(keeps_decider_laws<Account>([](Random& random) { return Deposit{std::int64_t(random.below(100))}; }));
  // clang-format on
}

}  // namespace
}  // namespace cairn
