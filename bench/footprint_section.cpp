#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "bench_context.hpp"
#include "child_process.hpp"
#include "process_memory.hpp"
#include "replay.hpp"

namespace cairn::bench {
namespace {

void measure_disk(BenchContext& context) {
  const auto events = static_cast<double>(context.bed.grown_log().store().head().value);
  context.bed.close();
  const double value = static_cast<double>(std::filesystem::file_size(context.bed.file())) / events;
  constexpr double frame_header = 64;
  constexpr double postings = 3 + tags_per_event;  // stream, category, type, tags
  constexpr double allowed = 1.1 * (frame_header + metadata_bytes + data_bytes) + 16 * postings;
  context.report.add({.name = "disk",
                      .value = value,
                      .unit = "B/event",
                      .limit = fmt::format("1.1 x 380 + 16 x {:.1f} B", postings),
                      .ratio = value / allowed,
                      .goal = Goal::at_most(1)});
}

}  // namespace

void measure_footprint(BenchContext& context) {
  measure_disk(context);
  ChildProcess child{"replay", context.bed.file(), &context.sizes == &quick_sizes};
  const std::string printed = child.finish();
  const std::size_t space = printed.find(' ');
  const double growth_mib = std::stod(printed) / 1024;
  const double opened_mib = std::stod(printed.substr(space)) / 1024;
  context.report.add({.name = "memory.replay",
                      .value = growth_mib,
                      .unit = "MiB",
                      .limit = "64 MiB",
                      .ratio = growth_mib / 64,
                      .goal = Goal::at_most(1)});
  context.report.add({.name = "memory.open", .value = opened_mib, .unit = "MiB"});
}

/// Prints by how many KiB the peak of a replay is above the memory of the open store and its configured page caches,
/// and what opening the store took.
void child_replay(const std::filesystem::path& file) {
  const long bare = process_memory_kib("VmRSS");
  OpenLog log{file};
  const long opened = process_memory_kib("VmRSS");
  reset_peak_memory();
  (void)replay(log.store().read_all());
  const DatabaseOptions defaults;
  const auto caches = static_cast<long>((defaults.reader_cache_bytes + defaults.page_cache_bytes) / 1024);
  fmt::print("{} {}\n", std::max(process_memory_kib("VmHWM") - opened - caches, 0L), opened - bare);
  std::fflush(stdout);
  log.close();
}

}  // namespace cairn::bench
