#include "clients.hpp"

#include <latch>
#include <memory>
#include <optional>
#include <semaphore>
#include <thread>

#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

void append_one_by_one(EventStore& store, const StreamNames& names, EventMaker& maker, std::uint64_t events,
                       std::vector<double>& latencies) {
  NewEvent event;
  for (std::uint64_t i = 0; i < events; ++i) {
    maker.make(event);
    const StreamId& stream = names[maker.random().below(names.size())];
    const Stopwatch watch;
    (void)store.append(stream, ExpectedRevision::any(), event).value();
    latencies.push_back(watch.microseconds());
  }
}

/// Keeps `outstanding` appends under way. A slot is taken by the client and given back by the completion.
void append_overlapped(EventStore& store, const StreamNames& names, EventMaker& maker, std::uint64_t events,
                       std::size_t outstanding, std::vector<double>& latencies) {
  std::counting_semaphore<> free_slots{static_cast<std::ptrdiff_t>(outstanding)};
  std::optional<Error> failed;
  NewEvent event;
  latencies.resize(events);
  for (std::uint64_t i = 0; i < events; ++i) {
    maker.make(event);
    const StreamId& stream = names[maker.random().below(names.size())];
    free_slots.acquire();
    double* const latency = &latencies[i];
    // One completion at a time: all run on the writer's thread.
    store
        .append_async(stream, ExpectedRevision::any(), {&event, 1},
                      [latency, watch = Stopwatch{}, &free_slots, &failed](const Result<Appended>& appended) {
                        *latency = watch.microseconds();
                        if (!appended) failed = appended.error();
                        free_slots.release();
                      })
        .value();
  }
  for (std::size_t i = 0; i < outstanding; ++i) free_slots.acquire();
  if (failed) throw BadResult{*failed};
}

}  // namespace

ClientsRun run_clients(EventStore& store, const StreamNames& names, std::vector<EventMaker>& makers,
                       std::size_t outstanding, std::uint64_t events) {
  const std::uint64_t events_each = events / makers.size();
  std::vector<std::vector<double>> latencies(makers.size());
  for (auto& each : latencies) each.reserve(events_each);
  std::latch ready{static_cast<std::ptrdiff_t>(makers.size() + 1)};
  std::vector<std::jthread> threads;
  threads.reserve(makers.size());
  for (std::size_t i = 0; i < makers.size(); ++i) {
    threads.emplace_back([&, i] {
      ready.arrive_and_wait();
      if (outstanding == 1) {
        append_one_by_one(store, names, makers[i], events_each, latencies[i]);
      } else {
        append_overlapped(store, names, makers[i], events_each, outstanding, latencies[i]);
      }
    });
  }
  ready.arrive_and_wait();
  const Stopwatch watch;
  threads.clear();
  const double seconds = watch.seconds();

  ClientsRun run;
  run.events_per_second = static_cast<double>(events_each * makers.size()) / seconds;
  for (const auto& each : latencies) run.latencies_us.insert(run.latencies_us.end(), each.begin(), each.end());
  return run;
}

}  // namespace cairn::bench
