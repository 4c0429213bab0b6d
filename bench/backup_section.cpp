#include <atomic>
#include <filesystem>
#include <thread>

#include <cairn/eventstore/backup.hpp>

#include "bench_context.hpp"
#include "clients.hpp"
#include "statistics.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

constexpr std::size_t clients = 8;
constexpr std::size_t outstanding = 16;

/// Backs up again and again until `stop`; gives the bytes copied.
std::uint64_t back_up_until(const EventStore& store, const std::filesystem::path& target,
                            const std::atomic<bool>& stop) {
  std::uint64_t bytes = 0;
  std::uint64_t copied = 0;
  std::stop_source enough;
  while (!stop) {
    std::filesystem::remove(target);
    const CopyOptions options{.on_progress =
                                  [&](const CopyProgress& progress) {
                                    copied = progress.pages;
                                    if (stop) enough.request_stop();
                                  },
                              .stop = enough.get_token()};
    (void)store.backup(target, options);
    bytes += copied * 8192;
  }
  std::filesystem::remove(target);
  return bytes;
}

}  // namespace

/// Appends while the grown log is backed up, over the same without; the two take turns.
void measure_backup(BenchContext& context) {
  OpenLog& log = context.bed.grown_log();
  const std::filesystem::path target = context.bed.directory() / "backup.db";
  std::vector<EventMaker> makers;
  for (std::size_t i = 0; i < clients; ++i) makers.push_back(context.bed.new_maker());
  const auto append = [&] {
    return run_clients(log.store(), context.bed.names(), makers, outstanding, context.sizes.events_8x16);
  };
  Rounds without;
  Rounds with;
  Rounds p99;
  Rounds speed;
  for (int round = 0; round < context.sizes.rounds; ++round) {
    ClientsRun alone = append();
    std::atomic<bool> stop = false;
    std::uint64_t bytes = 0;
    ClientsRun beside;
    const Stopwatch watch;
    {
      const std::jthread backup{[&] { bytes = back_up_until(log.store(), target, stop); }};
      beside = append();
      stop = true;
    }
    const double seconds = watch.seconds();
    without.add(alone.events_per_second);
    with.add(beside.events_per_second, beside.events_per_second / alone.events_per_second);
    const double p99_us = percentile(beside.latencies_us, 0.99);
    p99.add(p99_us, p99_us / percentile(alone.latencies_us, 0.99));
    speed.add(static_cast<double>(bytes) / seconds / (1U << 20U));
  }
  const Stopwatch watch;
  std::filesystem::remove(target);
  const BackupReport report = log.store().backup(target).value();
  const double idle = static_cast<double>(report.bytes) / watch.seconds() / (1U << 20U);
  std::filesystem::remove(target);
  context.report.add(without.figure({.name = "backup.append_rate_without", .unit = "event/s"}));
  context.report.add(with.figure(
      {.name = "backup.append_rate", .unit = "event/s", .limit = "without a backup", .goal = Goal::at_least(0.7)}));
  context.report.add(p99.figure({.name = "backup.append_p99", .unit = "us", .limit = "without a backup"}));
  context.report.add(speed.figure({.name = "backup.speed_beside_appends", .unit = "MiB/s"}));
  context.report.add({.name = "backup.speed_idle", .value = idle, .unit = "MiB/s"});
}

}  // namespace cairn::bench
