// Somebody else's test of a decider, without a test framework.
#include <cstdio>

#include <cairn/cqrs/testing.hpp>

struct Opened {
  static constexpr auto type = "account.opened";
  static cairn::Bytes encode(const Opened&) { return {}; }
  static cairn::Result<Opened> decode(cairn::BytesView) { return Opened{}; }
};
struct Open {};
struct Account {
  using Event = std::variant<Opened>;
  cairn::Decision<Event> decide(const Open&) const { return Opened{}; }
  void evolve(const Opened&) {}
};

int main() {
  const auto verdict = cairn::given<Account>().when(Open{}).then(Opened{});
  std::puts(verdict.message().c_str());
  return verdict ? 0 : 1;
}
