#pragma once

#include <filesystem>

#include "log_bed.hpp"
#include "report.hpp"
#include "sizes.hpp"
#include "sync_probe.hpp"

namespace cairn::bench {

/// What every section is given.
struct BenchContext {
  const Sizes& sizes;
  Report& report;
  LogBed& bed;
  SyncProbe& probe;
};

/// Figures that are taken together. Each function adds its figures to the report; bench/README.md explains them.
void measure_append(BenchContext& context);
void measure_batch(BenchContext& context);
void measure_growth(BenchContext& context);
void measure_replay(BenchContext& context);
void measure_stream(BenchContext& context);
void measure_snapshots(BenchContext& context);
void measure_condition(BenchContext& context);
void measure_erasure(BenchContext& context);
void measure_tailing(BenchContext& context);
void measure_backup(BenchContext& context);
void measure_scavenge(BenchContext& context);
void measure_subscription(BenchContext& context);
void measure_reopen(BenchContext& context);
void measure_footprint(BenchContext& context);
void measure_many_streams(BenchContext& context);

/// What the program does as a child of itself (--child): see reopen_section.cpp, footprint_section.cpp and
/// many_streams_section.cpp. These print numbers for their parent.
void child_append(const std::filesystem::path& file, const Sizes& sizes);
void child_replay(const std::filesystem::path& file);
void child_create_streams(const std::filesystem::path& file, const Sizes& sizes);

}  // namespace cairn::bench
