#include <stdexcept>

#include <fmt/format.h>

#include "bench_context.hpp"
#include "replay.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

/// Reads each planted stream of this kind once, and gives microseconds for an event.
double read_streams(const EventStore& store, const Sizes::Planted& kind) {
  std::vector<StreamId> streams;
  for (std::size_t i = 0; i < kind.streams; ++i) streams.push_back(planted_stream(kind.events, i));
  std::uint64_t events = 0;
  const Stopwatch watch;
  for (const StreamId& stream : streams) events += replay(store.read_stream(stream));
  const double microseconds = watch.microseconds();
  if (events != kind.events * kind.streams) throw std::runtime_error{"a planted stream lacks events"};
  return microseconds / static_cast<double>(events);
}

}  // namespace

void measure_stream(BenchContext& context) {
  const EventStore& store = context.bed.grown_log().store();
  for (const Sizes::Planted& kind : context.sizes.planted) {
    if (kind.events == 0) {
      context.report.note("stream.10000: only in the full run; this log is too short to scatter so many events");
      continue;
    }
    const std::string name = fmt::format("stream.{}", kind.events);
    if (!context.report.wants(name)) continue;
    (void)read_streams(store, kind);  // brings the pages into the page cache
    Rounds rounds;
    for (int round = 0; round < context.sizes.rounds; ++round) {
      const double microseconds = read_streams(store, kind);
      rounds.add(microseconds, microseconds);
    }
    context.report.add(rounds.figure(
        {.name = name, .unit = "us/event", .limit = "1 us", .goal = kind.events >= 100 ? Goal::at_most(1.5) : Goal{}}));
  }
}

}  // namespace cairn::bench
