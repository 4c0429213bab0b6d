#include <array>
#include <functional>

#include <fmt/format.h>

#include "bench_context.hpp"
#include "plain_store.hpp"
#include "raw_log.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

/// Appends `batches` batches and gives seconds and CPU seconds for an event. Making the events is part of it, for
/// every contender alike: a pause would give writers time for work they owe.
struct Cost {
  double seconds;
  double cpu_seconds;
};

Cost cost_of(UniformBatch& batch, EventMaker maker, std::uint64_t batches, const std::function<void()>& append) {
  const Stopwatch watch;
  const CpuStopwatch cpu_watch;
  for (std::uint64_t i = 0; i < batches; ++i) {
    batch.fill(maker);
    append();
  }
  const auto events = static_cast<double>(batches * batch.size());
  return {watch.seconds() / events, cpu_watch.seconds() / events};
}

struct Shape {
  std::size_t batch;
  std::uint64_t events;
  double goal_raw;
};

struct Measured {
  Rounds over_raw;
  Rounds over_plain;
  Rounds cpu;
  Rounds written;
};

}  // namespace

void measure_batch(BenchContext& context) {
  const Sizes& sizes = context.sizes;
  OpenLog& log = context.bed.log();
  const StreamNames& names = context.bed.names();
  RawLog raw{context.bed.directory() / "raw.log"};
  PlainStore plain{context.bed.directory() / "plain.db", names};
  EventMaker plain_maker = context.bed.new_maker();
  plain.create_streams(plain_maker, names);

  const std::array shapes{Shape{100, sizes.events_batch_100, 0.3}, Shape{1'000, sizes.events_batch_1000, 0.2}};
  std::array<Measured, shapes.size()> measured;
  for (int round = 0; round < sizes.rounds; ++round) {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      UniformBatch batch{names, shapes[i].batch};
      const std::uint64_t batches = shapes[i].events / shapes[i].batch;
      const Cost raw_cost = cost_of(batch, context.bed.new_maker(), batches, [&] { raw.append(batch, names); });
      const Cost plain_cost = cost_of(batch, context.bed.new_maker(), batches, [&] { plain.append(batch); });
      const std::uint64_t written_before = log.database().statistics().bytes_written;
      const Cost cost =
          cost_of(batch, context.bed.new_maker(), batches, [&] { (void)log.store().append(batch.appends()).value(); });
      const std::uint64_t written = log.database().statistics().bytes_written - written_before;

      measured[i].over_raw.add(1 / cost.seconds, raw_cost.seconds / cost.seconds);
      measured[i].over_plain.add(1 / cost.seconds, plain_cost.seconds / cost.seconds);
      measured[i].cpu.add(cost.cpu_seconds * 1e6, cost.cpu_seconds / plain_cost.cpu_seconds);
      measured[i].written.add(static_cast<double>(written) / static_cast<double>(shapes[i].events));
    }
  }

  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const std::string name = fmt::format("batch.{}", shapes[i].batch);
    context.report.add(measured[i].over_raw.figure(
        {.name = name + ".over_raw", .unit = "event/s", .limit = "raw", .goal = Goal::at_least(shapes[i].goal_raw)}));
    context.report.add(measured[i].over_plain.figure(
        {.name = name + ".over_plain", .unit = "event/s", .limit = "plain", .goal = Goal::at_least(1.6)}));
    context.report.add(measured[i].cpu.figure({.name = name + ".cpu", .unit = "us/event", .limit = "CPU of plain"}));
    context.report.add(measured[i].written.figure({.name = name + ".written", .unit = "B/event"}));
  }
}

}  // namespace cairn::bench
