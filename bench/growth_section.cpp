#include <algorithm>

#include <fmt/format.h>

#include "bench_context.hpp"

namespace cairn::bench {

void measure_growth(BenchContext& context) {
  (void)context.bed.grown_log();
  const auto& growth = context.bed.growth();
  if (!growth) {
    context.report.note("the log was kept from an earlier run: how it grew is not known");
    return;
  }
  const auto& rates = growth->events_per_second;
  const double best = *std::ranges::max_element(rates);
  for (std::size_t i = 0; i < rates.size(); ++i) {
    context.report.add({.name = fmt::format("growth.step_{:02}", i + 1),
                        .value = rates[i],
                        .unit = "event/s",
                        .limit = "best step",
                        .ratio = rates[i] / best});
  }
  context.report.add({.name = "growth.last_step",
                      .value = rates.back(),
                      .unit = "event/s",
                      .limit = "best step",
                      .ratio = rates.back() / best,
                      .goal = Goal::at_least(0.5)});
  context.report.add({.name = "growth.cpu", .value = growth->cpu_us_per_event, .unit = "us/event"});
  context.report.add({.name = "growth.written", .value = growth->bytes_written_per_event, .unit = "B/event"});
  constexpr double mebi = 1U << 20U;
  context.report.add(
      {.name = "growth.largest_transaction", .value = growth->largest_transaction_bytes / mebi, .unit = "MiB"});
  context.report.add({.name = "growth.longest_append", .value = growth->longest_append_ms, .unit = "ms"});
  context.report.add({.name = "growth.wal_peak",
                      .value = growth->wal_peak_bytes / mebi,
                      .unit = "MiB",
                      .limit = "64 MiB",
                      .ratio = growth->wal_peak_bytes / mebi / 64,
                      .goal = Goal::at_most(1)});
}

}  // namespace cairn::bench
