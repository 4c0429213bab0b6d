#include <cairn/cqrs/decider.hpp>

struct Deposit {
  int cents = 0;
};
struct Deposited {
  static constexpr auto type = "account.deposited";
  int cents = 0;
  static cairn::Bytes encode(const Deposited&) { return {}; }
  static cairn::Result<Deposited> decode(cairn::BytesView) { return Deposited{}; }
};

struct Account {
  using Event = std::variant<Deposited>;
  int cents = 0;
#ifdef MUST_COMPILE
  cairn::Decision<Event> decide(const Deposit& c) const { return Deposited{c.cents}; }
#else
  cairn::Decision<Event> decide(const Deposit& c) { return Deposited{cents += c.cents}; }
#endif
  void evolve(const Deposited& e) { cents += e.cents; }
};
static_assert(cairn::Decider<Account, Deposit>);
