#include <algorithm>
#include <atomic>
#include <cstdint>

#include <cairn/cqrs/command_handler.hpp>

#include "cqrs_context.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

struct Run {
  double commands_per_second = 0;
  std::uint32_t highest_attempt = 0;
};

Run run(CommandHandler<Stock>& stocks, std::size_t clients, std::uint64_t commands) {
  std::atomic<std::uint32_t> highest{0};
  const Stopwatch watch;
  run_threads(clients, [&](std::size_t) {
    for (std::uint64_t i = 0; i < commands / clients; ++i) {
      const std::uint32_t attempt = stocks.handle("one", Receive{1}).value().attempt.number();
      std::uint32_t seen = highest.load();
      while (seen < attempt && !highest.compare_exchange_weak(seen, attempt)) {
      }
    }
  });
  return {static_cast<double>(commands) / watch.seconds(), highest.load()};
}

}  // namespace

/// 16 clients on one stream over one of them alone; each must finish. Then the same where nobody decides in the unit.
void measure_contention(CqrsContext& context) {
  CommandHandler<Stock> stocks{context.log.store(), "contended"};
  Rounds alone;
  Rounds together;
  std::uint32_t highest = 0;
  for (int round = 0; round < context.sizes.rounds; ++round) {
    const Run one = run(stocks, 1, context.sizes.commands_contended / 4);
    const Run sixteen = run(stocks, 16, context.sizes.commands_contended);
    alone.add(one.commands_per_second);
    together.add(sixteen.commands_per_second, sixteen.commands_per_second / one.commands_per_second);
    highest = std::max(highest, sixteen.highest_attempt);
  }
  context.report.add(alone.figure({.name = "contention.one_client", .unit = "command/s"}));
  context.report.add(together.figure({.name = "contention.16_clients",
                                      .unit = "command/s",
                                      .limit = "one client alone",
                                      .goal = Goal::at_least(0.5)}));
  context.report.add({.name = "contention.highest_attempt", .value = static_cast<double>(highest), .unit = "attempts"});
}

}  // namespace cairn::bench
