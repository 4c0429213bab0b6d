// The shortest complete program: a bank account, kept as what happened to it. Writes bank.db where it is started.
#include <array>
#include <iostream>
#include <variant>

#include <nlohmann/json.hpp>

#include <cairn/cairn.hpp>
#include <cairn/core/codec/json.hpp>
#include <cairn/eventstore/load.hpp>

using namespace cairn;

struct Deposited {
  static constexpr auto type = "account.deposited";
  int cents = 0;
};
struct Withdrawn {
  static constexpr auto type = "account.withdrawn";
  int cents = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Deposited, cents)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Withdrawn, cents)

struct Account {  // state is what the events add up to
  using Event = std::variant<Deposited, Withdrawn>;
  int cents = 0;
  void evolve(const Deposited& in) { cents += in.cents; }
  void evolve(const Withdrawn& out) { cents -= out.cents; }
};

int main() {
  const auto store = Cairn::open({.file = "bank.db"}).value();  // one file, created when it is not there
  EventStore& log = store->events();
  const StreamId ann{"account-ann"};

  // Both or neither, and only if this account has no history yet.
  const std::array first_day{log.new_event(Deposited{50'00}).value(), log.new_event(Withdrawn{12'50}).value()};
  const auto opened = log.append(ann, ExpectedRevision::no_stream(), first_day);
  std::cout << (opened ? "appended to account-ann" : opened.error().to_string()) << '\n';

  // Decided on what was there at revision 0, when 45.00 could still be spent: refused, and told what is there now.
  const auto late = log.append(ann, ExpectedRevision::exactly(0), log.new_event(Withdrawn{45'00}).value());
  if (!late) std::cout << late.error().to_string() << '\n';  // actual_revision(late.error()) is the number in it

  // What was decided on this state is appended with account.expected().
  const auto account = load<Account>(log, ann).value();
  std::cout << "balance: " << account.state.cents << " cents at revision " << account.revision->value << '\n';

  // Across all accounts, found by the index of types: what is there, and, with next(), what comes.
  Subscription withdrawals = log.subscribe({.filter = {.query = EventQuery::types({Withdrawn::type})}}).value();
  for (const RecordedEvent& event : withdrawals.try_next().value().events) {
    std::cout << "  " << event.stream << ' ' << event.revision.value << ' ' << as_text(event.data) << '\n';
  }
}
