#include "replay.hpp"

#include <stdexcept>
#include <thread>

#include "bench_context.hpp"
#include "flat_file.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

double replay_with_one_thread(const EventStore& store, std::uint64_t expected) {
  const Stopwatch watch;
  const std::uint64_t events = replay(store.read_all());
  const double seconds = watch.seconds();
  if (events != expected) throw std::runtime_error{"replay: events are missing"};
  return seconds;
}

/// Each thread reads one half of the positions.
double replay_with_two_threads(const EventStore& store, std::uint64_t expected) {
  const GlobalPosition middle{store.head().value / 2};
  std::uint64_t events_low = 0;
  const Stopwatch watch;
  std::jthread low{[&] { events_low = replay(store.read_all({.to = middle})); }};
  const std::uint64_t events_high = replay(store.read_all({.from = GlobalPosition{middle.value + 1}}));
  low.join();
  const double seconds = watch.seconds();
  if (events_low + events_high != expected) throw std::runtime_error{"replay: events are missing"};
  return seconds;
}

}  // namespace

void measure_replay(BenchContext& context) {
  const EventStore& store = context.bed.grown_log().store();
  const FlatFile file{context.bed.directory() / "flat.log", store};
  const auto events = static_cast<double>(file.events());

  Rounds limit;
  Rounds one;
  Rounds two;
  Rounds cpu;
  (void)file.read_all();
  (void)replay_with_one_thread(store, file.events());
  for (int round = 0; round < context.sizes.rounds; ++round) {
    const double file_seconds = file.read_all();
    limit.add(events / file_seconds);
    const CpuStopwatch cpu_watch;
    const double one_seconds = replay_with_one_thread(store, file.events());
    cpu.add(cpu_watch.seconds() * 1e6 / events);
    one.add(events / one_seconds, file_seconds / one_seconds);
    const double two_seconds = replay_with_two_threads(store, file.events());
    two.add(events / two_seconds, file_seconds / two_seconds);
  }
  context.report.add(limit.figure({.name = "replay.file", .unit = "event/s"}));
  context.report.add(one.figure(
      {.name = "replay.one_thread", .unit = "event/s", .limit = "file, one thread", .goal = Goal::at_least(0.6)}));
  context.report.add(two.figure(
      {.name = "replay.two_threads", .unit = "event/s", .limit = "file, one thread", .goal = Goal::at_least(0.9)}));
  context.report.add(cpu.figure({.name = "replay.cpu", .unit = "us/event"}));
  std::filesystem::remove(context.bed.directory() / "flat.log");
}

}  // namespace cairn::bench
