// A program of somebody else's: everything it needs comes with cairn::cqrs.
#include <cstdio>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/cqrs/command_handler.hpp>

struct Opened {
  static constexpr auto type = "account.opened";
  static cairn::Bytes encode(const Opened&) { return {}; }
  static cairn::Result<Opened> decode(cairn::BytesView) { return Opened{}; }
};
struct Open {};
struct Account {
  using Event = std::variant<Opened>;
  bool open = false;
  cairn::Decision<Event> decide(const Open&) const {
    if (open) return cairn::reject("account.already_open");
    return Opened{};
  }
  void evolve(const Opened&) { open = true; }
};
static_assert(cairn::Decider<Account, Open>);

int main() {
  const auto memory = cairn::MemoryVfs::create();
  const auto database = cairn::Database::open({.file = "consumer.db", .memory = memory.get()}).value();
  const auto store = cairn::EventStore::open(*database).value();
  const auto outcomes = cairn::CommandOutcomes::open(*database).value();
  cairn::CommandHandler<Account> accounts{*store, "account", {}, {.outcomes = outcomes.get()}};
  const bool opened = accounts.handle("42", Open{}).has_value();
  const auto again = accounts.handle("42", Open{});
  const bool refused = !again && again.error().rejection() != nullptr;
  std::printf("opened %d, refused %d\n", opened, refused);
  return opened && refused ? 0 : 1;
}
