#include <atomic>
#include <chrono>
#include <thread>

#include "bench_context.hpp"
#include "clients.hpp"
#include "replay.hpp"

namespace cairn::bench {
namespace {

/// Reads what is appended after `from`, as it comes, until `stop` and everything is read. Gives the number of events.
std::uint64_t tail(const EventStore& store, GlobalPosition from, const std::atomic<bool>& stop) {
  Reader reader = store.read_all({.from = GlobalPosition{from.value + 1}});
  std::uint64_t events = 0;
  for (;;) {
    const bool last = stop;
    const auto batch = reader.next().value();
    events += batch.size();
    for (const RecordedEvent& event : batch) keep(touch(event.data));
    if (!batch.empty()) continue;
    if (last) return events;
    std::this_thread::sleep_for(std::chrono::microseconds{200});
  }
}

}  // namespace

/// 8 clients with 16 outstanding appends each, two readers that follow the end and one that replays the whole log
/// again and again: how far does the write-ahead log grow?
void measure_tailing(BenchContext& context) {
  (void)context.bed.grown_log();
  context.bed.close();  // the peak counts from opening
  OpenLog& log = context.bed.grown_log();
  const EventStore& store = log.store();
  std::vector<EventMaker> makers;
  for (int i = 0; i < 8; ++i) makers.push_back(context.bed.new_maker());

  const GlobalPosition before = store.head();
  std::atomic<bool> stop = false;
  std::uint64_t followed = 0;
  ClientsRun run;
  {
    const std::jthread follower{[&] { followed = tail(store, before, stop); }};
    const std::jthread second_follower{[&] { (void)tail(store, before, stop); }};
    const std::jthread replayer{[&] {
      while (!stop) {
        Reader reader = store.read_all();
        while (!stop && !reader.next().value().empty()) continue;
      }
    }};
    run = run_clients(log.store(), context.bed.names(), makers, 16, context.sizes.tailing_events);
    stop = true;
  }
  const double peak = static_cast<double>(log.database().statistics().wal_bytes_peak) / (1U << 20U);
  context.report.add({.name = "tailing.wal_peak",
                      .value = peak,
                      .unit = "MiB",
                      .limit = "64 MiB",
                      .ratio = peak / 64,
                      .goal = Goal::at_most(1)});
  context.report.add({.name = "tailing.append_rate", .value = run.events_per_second, .unit = "event/s"});
  context.report.add({.name = "tailing.followed",
                      .value = static_cast<double>(followed),
                      .unit = "event",
                      .limit = "appended",
                      .ratio = static_cast<double>(followed) / static_cast<double>(store.head().value - before.value),
                      .goal = Goal::at_least(1)});
}

}  // namespace cairn::bench
