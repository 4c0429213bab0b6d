// Measures the event store against what the machine can do at best. bench/README.md says what each line means.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bench_context.hpp"
#include "bench_program.hpp"
#include "command_line.hpp"
#include "machine.hpp"
#include "run_directory.hpp"

namespace cairn::bench {
namespace {

// In this order: the log is appended to while it is small, grows once, and is then read, closed and killed.
const std::vector<Section<BenchContext>> sections{
    {"Appends of one event",
     {"fdatasync.p50", "fdatasync.p99", "append.1x1.rate", "append.1x1.p50", "append.1x1.p99", "append.1x1.p999",
      "append.8x1.rate", "append.8x1.p50", "append.8x1.p99", "append.8x1.p999", "append.8x16.rate", "append.8x16.p50",
      "append.8x16.p99", "append.8x16.p999"},
     measure_append},
    {"Subscriptions",
     {"subscription.delivery_p50", "subscription.tail.append_rate", "subscription.tail.followed",
      "subscription.1000.append_rate", "subscription.1000.deliveries", "subscription.1000.catch_up"},
     measure_subscription},
    {"Appends of batches",
     {"batch.100.over_raw", "batch.100.over_plain", "batch.100.cpu", "batch.100.written", "batch.1000.over_raw",
      "batch.1000.over_plain", "batch.1000.cpu", "batch.1000.written"},
     measure_batch},
    {"Sealed fields",
     {"erasure.append_plain", "erasure.append", "erasure.read_plain", "erasure.read"},
     measure_erasure},
    {"Growth to full size",
     {"growth.step_01", "growth.step_02", "growth.step_03", "growth.step_04", "growth.step_05", "growth.step_06",
      "growth.step_07", "growth.step_08", "growth.step_09", "growth.step_10", "growth.last_step", "growth.cpu",
      "growth.written", "growth.largest_transaction", "growth.longest_append", "growth.wal_peak"},
     measure_growth},
    {"Replay of the whole log",
     {"replay.file", "replay.one_thread", "replay.two_threads", "replay.cpu"},
     measure_replay},
    {"Reading one stream, warm", {"stream.10", "stream.100", "stream.1000", "stream.10000"}, measure_stream},
    {"Loading 10,000 events with a snapshot every 100",
     {"snapshot.parts", "snapshot.load", "snapshot.without"},
     measure_snapshots},
    {"Conditional appends at full size",
     {"condition.none", "condition.two_tags_whole_log", "condition.two_tags_since_head"},
     measure_condition},
    {"Appends beside readers", {"tailing.wal_peak", "tailing.append_rate", "tailing.followed"}, measure_tailing},
    {"Appends beside a backup",
     {"backup.append_rate_without", "backup.append_rate", "backup.append_p99", "backup.speed_beside_appends",
      "backup.speed_idle"},
     measure_backup},
    {"Appends beside a scavenge",
     {"scavenge.removed", "scavenge.file_shrinks_by", "scavenge.speed_alone", "scavenge.append_rate",
      "scavenge.append_p99", "scavenge.longest_append"},
     measure_scavenge},
    {"Disk and memory", {"disk", "memory.replay", "memory.open"}, measure_footprint},
    {"Opening", {"open.empty", "open.after_kill", "open.after_close"}, measure_reopen},
    {"Twenty million streams",
     {"memory.replay_many_streams", "memory.append_many_streams", "growth.many_streams"},
     measure_many_streams},
};

void run_child(const CommandLine& line, const Sizes& sizes) {
  if (*line.child_task == "append") return child_append(line.child_file, sizes);
  if (*line.child_task == "replay") return child_replay(line.child_file);
  if (*line.child_task == "create_streams") return child_create_streams(line.child_file, sizes);
  throw std::runtime_error{fmt::format("no child task {}", *line.child_task)};
}

void print_sizes(const Sizes& sizes) {
  fmt::print(
      "run         {}: {} streams beforehand, {} events of {} B data and {} B metadata, 8 types, two tags on a "
      "tenth, {} rounds\n",
      sizes.name, sizes.streams, sizes.growth_events, data_bytes, metadata_bytes, sizes.rounds);
}

void run(const CommandLine& line) {
  const Sizes& sizes = line.quick ? quick_sizes : full_sizes;
  if (line.child_task) return run_child(line, sizes);

  const RunDirectory directory{line.directory};
  print_machine(directory.path());
  print_sizes(sizes);
  Report report{line.only};
  LogBed bed{directory.path(), sizes, line.keep};
  SyncProbe probe{directory.path() / "fdatasync.probe"};
  BenchContext context{.sizes = sizes, .report = report, .bed = bed, .probe = probe};
  measure_sections(sections, report, context);
  bed.close();
  report.summary();
  if (line.json) report.write_json(*line.json);
}

}  // namespace
}  // namespace cairn::bench

int main(int argc, char** argv) {
  return cairn::bench::bench_program("eventstore_bench", argc, argv, cairn::bench::run);
}
