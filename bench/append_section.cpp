#include <array>

#include "bench_context.hpp"
#include "clients.hpp"
#include "statistics.hpp"

namespace cairn::bench {
namespace {

struct Shape {
  const char* name;
  std::size_t clients;
  std::size_t outstanding;
  std::uint64_t events;
  Goal rate_goal;
  Goal p999_goal;
};

struct Measured {
  Rounds rate;
  Rounds p50;
  Rounds p99;
  Rounds p999;
};

void measure_round(BenchContext& context, const Shape& shape, Measured& measured) {
  OpenLog& log = context.bed.log();
  std::vector<EventMaker> makers;
  for (std::size_t i = 0; i < shape.clients; ++i) makers.push_back(context.bed.new_maker());

  context.probe.sample(context.sizes.sync_samples);
  ClientsRun run = run_clients(log.store(), context.bed.names(), makers, shape.outstanding, shape.events);
  context.probe.sample(context.sizes.sync_samples);
  const double sync_us = context.probe.take_p50();

  measured.rate.add(run.events_per_second, run.events_per_second * sync_us * 1e-6);
  const auto add_latency = [&](Rounds& rounds, double share) {
    const double latency = percentile(run.latencies_us, share);
    rounds.add(latency, latency / sync_us);
  };
  add_latency(measured.p50, 0.5);
  add_latency(measured.p99, 0.99);
  add_latency(measured.p999, 0.999);
}

}  // namespace

void measure_append(BenchContext& context) {
  const Sizes& sizes = context.sizes;
  const std::array shapes{
      Shape{"append.1x1", 1, 1, sizes.events_1x1, Goal::at_least(0.6), {}},
      Shape{"append.8x1", 8, 1, sizes.events_8x1, Goal::at_least(2.5), {}},
      Shape{"append.8x16", 8, 16, sizes.events_8x16, Goal::at_least(12), Goal::at_most(60)},
  };
  std::array<Measured, shapes.size()> measured;
  for (int round = 0; round < sizes.rounds; ++round) {
    for (std::size_t i = 0; i < shapes.size(); ++i) measure_round(context, shapes[i], measured[i]);
  }

  const auto& syncs = context.probe.all();
  context.report.add({.name = "fdatasync.p50", .value = median(syncs), .unit = "us", .mad = median_deviation(syncs)});
  context.report.add({.name = "fdatasync.p99", .value = percentile(syncs, 0.99), .unit = "us"});
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const std::string name = shapes[i].name;
    context.report.add(measured[i].rate.figure(
        {.name = name + ".rate", .unit = "event/s", .limit = "1 / fdatasync p50", .goal = shapes[i].rate_goal}));
    const Figure latency{.unit = "us", .limit = "fdatasync p50"};
    const auto add_latency = [&](const char* suffix, const Rounds& rounds, Goal goal) {
      Figure figure = latency;
      figure.name = name + suffix;
      figure.goal = goal;
      context.report.add(rounds.figure(std::move(figure)));
    };
    add_latency(".p50", measured[i].p50, {});
    add_latency(".p99", measured[i].p99, {});
    add_latency(".p999", measured[i].p999, shapes[i].p999_goal);
  }
}

}  // namespace cairn::bench
