#include <algorithm>
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "bench_context.hpp"
#include "child_process.hpp"
#include "process_memory.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {

/// A log with very many streams of one small event each: what is kept in memory must not grow with them.
void measure_many_streams(BenchContext& context) {
  if (context.sizes.many_streams == 0) {
    context.report.note("memory.*_many_streams: only in the full run, with 20 million streams");
    return;
  }
  const std::filesystem::path file = context.bed.directory() / "many_streams.db";
  ChildProcess creating{"create_streams", file, false};
  const std::string created = creating.finish();
  const double append_mib = std::stod(created) / 1024;
  const double rate = std::stod(created.substr(created.find(' ')));
  ChildProcess replaying{"replay", file, false};
  const double replay_mib = std::stod(replaying.finish()) / 1024;
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(file.string() + suffix);

  const auto add = [&](const char* name, double mib) {
    context.report.add(
        {.name = name, .value = mib, .unit = "MiB", .limit = "64 MiB", .ratio = mib / 64, .goal = Goal::at_most(1)});
  };
  add("memory.replay_many_streams", replay_mib);
  add("memory.append_many_streams", append_mib);
  context.report.add({.name = "growth.many_streams", .value = rate, .unit = "stream/s"});
}

/// Prints by how many KiB the peak is above the configured caches, and streams a second.
void child_create_streams(const std::filesystem::path& file, const Sizes& sizes) {
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(file.string() + suffix);
  const long bare = process_memory_kib("VmRSS");
  OpenLog log{file};
  EventMaker maker{20};
  constexpr std::size_t batch_size = 5'000;
  std::vector<NewEvent> events(batch_size);
  std::vector<StreamAppend> appends;
  const Stopwatch watch;
  for (std::uint64_t first = 0; first < sizes.many_streams; first += batch_size) {
    appends.clear();
    for (std::size_t i = 0; i < batch_size; ++i) {
      maker.make(events[i]);
      events[i].data.resize(16);
      events[i].metadata = {};
      const std::string key = fmt::format("{:010}", first + i);
      appends.push_back({.stream = StreamId::of("many", key).value(), .events = {&events[i], 1}});
    }
    (void)log.store().append(appends).value();
  }
  const double rate = static_cast<double>(sizes.many_streams) / watch.seconds();
  const DatabaseOptions database;
  const EventStoreOptions store;
  // The bytes an entry takes are those event_store_options.hpp names; two generations of pending entries may wait.
  const std::size_t caches = database.writer_cache_bytes + store.stream_cache_entries * 120 + store.id_window * 40 +
                             2 * store.pending_events_max * 200;
  fmt::print("{} {:.0f}\n", process_memory_kib("VmHWM") - bare - static_cast<long>(caches / 1024), rate);
  std::fflush(stdout);
  log.close();
}

}  // namespace cairn::bench
