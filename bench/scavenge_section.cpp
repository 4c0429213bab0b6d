#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "bench_context.hpp"
#include "clients.hpp"
#include "open_log.hpp"
#include "statistics.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

constexpr std::size_t clients = 8;
constexpr std::size_t outstanding = 16;
constexpr std::uint64_t events_per_stream = 10;
constexpr std::size_t streams_at_once = 1'000;

/// Streams of ten events each, a thousand of which live at a time: every chunk has events of both halves.
void fill(EventStore& store, const StreamNames& names, EventMaker& maker) {
  UniformBatch batch{names, std::min(streams_at_once, names.size())};
  for (std::size_t first = 0; first + batch.size() <= names.size(); first += batch.size()) {
    for (std::uint64_t revision = 0; revision < events_per_stream; ++revision) {
      batch.fill_from(maker, first);
      (void)store.append(batch.appends()).value();
    }
  }
}

void delete_every_other(EventStore& store, const StreamNames& names) {
  for (std::size_t first = 0; first < names.size(); first += streams_at_once) {
    store.database()
        .write([&](Unit& unit) -> Result<void> {
          for (std::size_t i = first; i < std::min(first + streams_at_once, names.size()); i += 2) {
            if (auto done = store.delete_stream(unit, names[i], ExpectedRevision::any()); !done) return done;
          }
          return {};
        })
        .value();
  }
}

double file_bytes(OpenLog& log, const std::filesystem::path& file) {
  log.close();
  const auto bytes = static_cast<double>(std::filesystem::file_size(file));
  log = OpenLog{file};
  return bytes;
}

}  // namespace

/// Half of a log is removed while clients append, over the same appends before.
void measure_scavenge(BenchContext& context) {
  const std::filesystem::path file = context.bed.directory() / "scavenge.db";
  const StreamNames names{context.sizes.scavenge_events / events_per_stream};
  OpenLog log{file};
  EventMaker maker = context.bed.new_maker();
  fill(log.store(), names, maker);
  const double filled = static_cast<double>(log.store().head().value);
  const double bytes_before = file_bytes(log, file);
  delete_every_other(log.store(), names);

  std::vector<EventMaker> makers;
  for (std::size_t i = 0; i < clients; ++i) makers.push_back(context.bed.new_maker());
  std::vector<EventMaker> one_maker{context.bed.new_maker()};
  std::uint64_t appended = 0;
  const auto append = [&] {
    appended += context.sizes.events_8x16;
    return run_clients(log.store(), names, makers, outstanding, context.sizes.events_8x16);
  };
  std::vector<double> alone;
  for (int round = 0; round < context.sizes.rounds; ++round) alone.push_back(append().events_per_second);
  const double rate_alone = median(alone);
  context.probe.sample(context.sizes.sync_samples);
  const double sync_us = context.probe.take_p50();

  Rounds beside;
  Rounds single;
  double longest_us = 0;
  ScavengeReport report;
  double seconds = 0;
  std::atomic<bool> done = false;
  {
    const std::jthread scavenge{[&] {
      const Stopwatch watch;
      report = log.store().scavenge().value();
      seconds = watch.seconds();
      done = true;
    }};
    while (!done) {
      const ClientsRun many = append();
      if (done && !beside.empty()) break;
      beside.add(many.events_per_second, many.events_per_second / rate_alone);
      const ClientsRun few = run_clients(log.store(), names, one_maker, 1, context.sizes.events_1x1);
      appended += context.sizes.events_1x1;
      const double p99 = percentile(few.latencies_us, 0.99);
      single.add(p99, p99 / sync_us);
      longest_us = std::max(longest_us, *std::ranges::max_element(few.latencies_us));
    }
  }
  // What was appended meanwhile is not what the scavenge was to make room for.
  const double bytes_after = file_bytes(log, file) - bytes_before / filled * static_cast<double>(appended);
  log.close();
  std::filesystem::remove(file);

  context.report.add({.name = "scavenge.removed",
                      .value = static_cast<double>(report.events_removed),
                      .unit = "events",
                      .limit = "events in the log",
                      .ratio = static_cast<double>(report.events_removed) / filled});
  context.report.add({.name = "scavenge.file_shrinks_by",
                      .value = bytes_before - bytes_after,
                      .unit = "bytes",
                      .limit = "the file before",
                      .ratio = (bytes_before - bytes_after) / bytes_before,
                      .goal = Goal::at_least(0.45)});
  context.report.add({.name = "scavenge.speed", .value = filled / seconds, .unit = "event/s"});
  context.report.add(beside.figure(
      {.name = "scavenge.append_rate", .unit = "event/s", .limit = "without a scavenge", .goal = Goal::at_least(0.5)}));
  context.report.add(single.figure({.name = "scavenge.append_p99", .unit = "us", .limit = "fdatasync p50"}));
  context.report.add({.name = "scavenge.longest_append",
                      .value = longest_us,
                      .unit = "us",
                      .limit = "fdatasync p50",
                      .ratio = longest_us / sync_us,
                      .goal = Goal::at_most(60)});
}

}  // namespace cairn::bench
