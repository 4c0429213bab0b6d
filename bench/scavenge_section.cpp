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

/// What a scavenge alone makes of a log.
struct Alone {
  double bytes_before = 0;
  double bytes_after = 0;
  double seconds = 0;
  ScavengeReport report{};
};

Alone scavenge_copy(const std::filesystem::path& file) {
  const std::filesystem::path copy = file.string() + ".copy";
  std::filesystem::copy_file(file, copy, std::filesystem::copy_options::overwrite_existing);
  Alone alone{.bytes_before = static_cast<double>(std::filesystem::file_size(copy))};
  OpenLog log{copy};
  const Stopwatch watch;
  alone.report = log.store().scavenge().value();
  alone.seconds = watch.seconds();
  log.close();
  alone.bytes_after = static_cast<double>(std::filesystem::file_size(copy));
  std::filesystem::remove(copy);
  return alone;
}

}  // namespace

/// Half of a log is removed: from a copy that nobody else uses, and while clients append, over the same appends before.
void measure_scavenge(BenchContext& context) {
  const std::filesystem::path file = context.bed.directory() / "scavenge.db";
  const StreamNames names{context.sizes.scavenge_events / events_per_stream};
  OpenLog log{file};
  EventMaker maker = context.bed.new_maker();
  fill(log.store(), names, maker);
  const double filled = static_cast<double>(log.store().head().value);
  delete_every_other(log.store(), names);
  log.close();
  const Alone alone_run = scavenge_copy(file);
  log = OpenLog{file};

  std::vector<EventMaker> makers;
  for (std::size_t i = 0; i < clients; ++i) makers.push_back(context.bed.new_maker());
  std::vector<EventMaker> one_maker{context.bed.new_maker()};
  const auto append = [&] { return run_clients(log.store(), names, makers, outstanding, context.sizes.events_8x16); };
  std::vector<double> alone;
  for (int round = 0; round < context.sizes.rounds; ++round) alone.push_back(append().events_per_second);
  const double rate_alone = median(alone);
  context.probe.sample(context.sizes.sync_samples);
  const double sync_us = context.probe.take_p50();

  Rounds beside;
  Rounds single;
  double longest_us = 0;
  std::atomic<bool> done = false;
  {
    const std::jthread scavenge{[&] {
      (void)log.store().scavenge().value();
      done = true;
    }};
    while (!done) {
      const ClientsRun many = append();
      if (done && !beside.empty()) break;
      beside.add(many.events_per_second, many.events_per_second / rate_alone);
      const ClientsRun few = run_clients(log.store(), names, one_maker, 1, context.sizes.events_1x1);
      const double p99 = percentile(few.latencies_us, 0.99);
      single.add(p99, p99 / sync_us);
      longest_us = std::max(longest_us, *std::ranges::max_element(few.latencies_us));
    }
  }
  log.close();
  std::filesystem::remove(file);

  const double freed = alone_run.bytes_before - alone_run.bytes_after;
  const auto removed = static_cast<double>(alone_run.report.events_removed);
  context.report.add({.name = "scavenge.removed",
                      .value = removed,
                      .unit = "events",
                      .limit = "events in the log",
                      .ratio = removed / filled});
  context.report.add({.name = "scavenge.file_shrinks_by",
                      .value = freed,
                      .unit = "bytes",
                      .limit = "the file before",
                      .ratio = freed / alone_run.bytes_before,
                      .goal = Goal::at_least(0.45)});
  context.report.add({.name = "scavenge.speed_alone", .value = filled / alone_run.seconds, .unit = "event/s"});
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
