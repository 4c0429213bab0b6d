#include <optional>
#include <stdexcept>
#include <variant>
#include <vector>

#include <cairn/core/random.hpp>

#include "cqrs_context.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

struct Opened {
  std::uint64_t limit = 0;
};
struct Paid {
  std::uint64_t cents = 0;
};
struct Spent {
  std::uint64_t cents = 0;
};
struct Open {
  std::uint64_t limit = 0;
};
struct Pay {
  std::uint64_t cents = 0;
};
struct Spend {
  std::uint64_t cents = 0;
};
using Command = std::variant<Open, Pay, Spend>;

struct Purse {
  using Event = std::variant<Opened, Paid, Spent>;
  std::uint64_t limit = 0;
  std::uint64_t cents = 0;
  std::uint64_t refused = 0;

  Decision<Event> decide(const Open& c) const { return Opened{c.limit}; }
  Decision<Event> decide(const Pay& c) const {
    if (cents + c.cents > limit) return reject("purse.full");
    return Paid{c.cents};
  }
  Decision<Event> decide(const Spend& c) const {
    if (c.cents > cents) return reject("purse.empty");
    return Spent{c.cents};
  }
  void evolve(const Opened& e) { limit = e.limit; }
  void evolve(const Paid& e) { cents += e.cents; }
  void evolve(const Spent& e) { cents -= e.cents; }
};

std::uint64_t with_decider(const std::vector<Command>& commands, std::uint64_t decisions) {
  Purse purse;
  for (std::uint64_t i = 0; i < decisions; ++i) {
    const auto decision = std::visit([&](const auto& c) { return purse.decide(c); }, commands[i % commands.size()]);
    if (decision.rejection() != nullptr) ++purse.refused;
    for (const Purse::Event& event : decision.events()) std::visit([&](const auto& e) { purse.evolve(e); }, event);
  }
  return purse.cents + purse.refused;
}

/// The same by hand: an event or none, and why not as a pointer.
std::uint64_t by_hand(const std::vector<Command>& commands, std::uint64_t decisions) {
  Purse purse;
  struct Choose {
    const Purse& purse;
    const char*& refusal;
    std::optional<Purse::Event> operator()(const Open& c) const { return Opened{c.limit}; }
    std::optional<Purse::Event> operator()(const Pay& c) const {
      if (purse.cents + c.cents <= purse.limit) return Paid{c.cents};
      refusal = "purse.full";
      return std::nullopt;
    }
    std::optional<Purse::Event> operator()(const Spend& c) const {
      if (c.cents <= purse.cents) return Spent{c.cents};
      refusal = "purse.empty";
      return std::nullopt;
    }
  };
  for (std::uint64_t i = 0; i < decisions; ++i) {
    const char* refusal = nullptr;
    const auto event = std::visit(Choose{purse, refusal}, commands[i % commands.size()]);
    if (refusal != nullptr) ++purse.refused;
    if (event) std::visit([&](const auto& e) { purse.evolve(e); }, *event);
  }
  return purse.cents + purse.refused;
}

std::vector<Command> some_commands() {
  SeededRandom random{1};
  std::vector<Command> commands{Open{1'000'000}};
  while (commands.size() < 4'096) {
    if (random.below(2) == 0) {
      commands.emplace_back(Pay{random.below(100)});
    } else {
      commands.emplace_back(Spend{random.below(100)});
    }
  }
  return commands;
}

}  // namespace

/// Deciding and evolving in memory, over the same with std::visit by hand.
void measure_decider(CqrsContext& context) {
  const std::vector<Command> commands = some_commands();
  Rounds hand;
  Rounds decider;
  for (int round = 0; round < context.sizes.rounds; ++round) {
    const auto rate = [&](auto loop, std::uint64_t& sum) {
      const Stopwatch watch;
      sum = loop(commands, context.sizes.decisions);
      return static_cast<double>(context.sizes.decisions) / watch.seconds() / 1e6;
    };
    std::uint64_t expected = 0;
    std::uint64_t found = 0;
    const double hand_rate = rate(by_hand, expected);
    const double decider_rate = rate(with_decider, found);
    if (found != expected) throw std::runtime_error{"the decider and the loop by hand disagree"};
    hand.add(hand_rate);
    decider.add(decider_rate, decider_rate / hand_rate);
  }
  context.report.add(hand.figure({.name = "decider.by_hand", .unit = "M/s"}));
  context.report.add(decider.figure(
      {.name = "decider.in_memory", .unit = "M/s", .limit = "std::visit by hand", .goal = Goal::at_least(0.8)}));
}

}  // namespace cairn::bench
