#include <unistd.h>

#include <utility>

#include "bench_context.hpp"
#include "child_process.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

double open_seconds(const std::filesystem::path& file) {
  const Stopwatch watch;
  OpenLog log{file};
  const double seconds = watch.seconds();
  log.close();
  return seconds;
}

}  // namespace

/// Opening the full log after another process was killed (-9) while it appended, against opening an empty one.
void measure_reopen(BenchContext& context) {
  (void)context.bed.grown_log();
  context.bed.close();
  const std::filesystem::path empty = context.bed.directory() / "empty.db";
  OpenLog{empty}.close();

  Rounds killed;
  Rounds closed;
  Rounds nothing;
  const bool quick = &context.sizes == &quick_sizes;
  for (int round = 0; round < context.sizes.rounds; ++round) {
    {
      ChildProcess child{"append", context.bed.file(), quick};
      for (int batch = 0; batch < context.sizes.batches_before_kill + round; ++batch) (void)child.read_byte();
      child.kill();
    }
    const double empty_ms = open_seconds(empty) * 1e3;
    const double killed_ms = open_seconds(context.bed.file()) * 1e3;
    const double closed_ms = open_seconds(context.bed.file()) * 1e3;
    nothing.add(empty_ms);
    killed.add(killed_ms, killed_ms / empty_ms);
    closed.add(closed_ms, closed_ms / empty_ms);
  }
  context.report.add(nothing.figure({.name = "open.empty", .unit = "ms"}));
  context.report.add(killed.figure(
      {.name = "open.after_kill", .unit = "ms", .limit = "opening an empty store", .goal = Goal::at_most(10)}));
  context.report.add(closed.figure({.name = "open.after_close", .unit = "ms", .limit = "opening an empty store"}));
}

/// Appends for ever, and prints a byte for each batch that is durable.
void child_append(const std::filesystem::path& file, const Sizes& sizes) {
  OpenLog log{file};
  const StreamNames names{sizes.streams};
  UniformBatch batch{names, 1'000};
  EventMaker maker{(std::uint64_t{1} << 63U) + log.store().head().value};
  for (;;) {
    batch.fill(maker);
    (void)log.store().append(batch.appends()).value();
    if (write(STDOUT_FILENO, ".", 1) != 1) return;
  }
}

}  // namespace cairn::bench
