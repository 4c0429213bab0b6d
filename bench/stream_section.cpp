#include <stdexcept>

#include <fmt/format.h>

#include "bench_context.hpp"
#include "replay.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

struct Times {
  double first = 0;  ///< us/event, after reads of all the other streams: most pages come from the system's cache
  double again = 0;  ///< us/event, of the same stream once more
};

/// Reads each planted stream of this kind twice in a row.
Times read_streams(const EventStore& store, const Sizes::Planted& kind) {
  Times times;
  for (std::size_t i = 0; i < kind.streams; ++i) {
    const StreamId stream = planted_stream(kind.events, i);
    for (double* total : {&times.first, &times.again}) {
      const Stopwatch watch;
      const std::uint64_t events = replay(store.read_stream(stream));
      *total += watch.microseconds() / static_cast<double>(kind.events * kind.streams);
      if (events != kind.events) throw std::runtime_error{"a planted stream lacks events"};
    }
  }
  return times;
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
    (void)read_streams(store, kind);  // brings the pages into the system's cache
    Rounds first;
    Rounds again;
    for (int round = 0; round < context.sizes.rounds; ++round) {
      const Times times = read_streams(store, kind);
      first.add(times.first);
      again.add(times.again, times.again);
    }
    context.report.add(again.figure(
        {.name = name, .unit = "us/event", .limit = "1 us", .goal = kind.events >= 100 ? Goal::at_most(1.5) : Goal{}}));
    context.report.add(first.figure({.name = name + ".first", .unit = "us/event"}));
  }
}

}  // namespace cairn::bench
