// The shortest complete program: a bank account, kept as what happened to it. Writes bank.db where it is started.
#include <array>
#include <iostream>

#include <nlohmann/json.hpp>

#include <cairn/cairn.hpp>
#include <cairn/core/codec/json.hpp>

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

  int balance = 0;  // state is what the events add up to
  const auto replay = [&balance](const RecordedEvent& event) {
    if (const auto in = decode<Deposited>(event)) balance += in->cents;
    if (const auto out = decode<Withdrawn>(event)) balance -= out->cents;
    std::cout << "  " << event.revision.value << " " << event.type << " " << as_text(event.data) << '\n';
  };
  log.read_stream(ann).for_each(replay).value();
  std::cout << "balance: " << balance << " cents\n";

  // Across all accounts, found by the index of types.
  Reader withdrawals = log.read_all({.filter = {.query = EventQuery::types({Withdrawn::type})}});
  std::cout << "withdrawals: " << withdrawals.collect().value().size() << '\n';
}
