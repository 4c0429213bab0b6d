#pragma once

#include <initializer_list>
#include <ostream>
#include <vector>

#include <cairn/core/sql/fault_plan.hpp>

namespace cairn::test {

/// A way for calls of a file system to fail, which a sweep lets strike at each call in turn.
struct FaultSweepCase {
  const char* name;
  FaultPlan plan;
};
inline void PrintTo(const FaultSweepCase& one, std::ostream* out) { *out << one.name; }

/// Those that every sweep goes through, and `more`.
[[nodiscard]] inline std::vector<FaultSweepCase> fault_sweep(std::initializer_list<FaultSweepCase> more) {
  std::vector<FaultSweepCase> all{
      {"AnyCallOnce", {.kind = FaultKind::io_error}},
      {"AnyCallFromThenOn", {.kind = FaultKind::io_error, .sticky = true}},
      {"DiskFullOnce", {.kind = FaultKind::disk_full}},
      {"DiskFullFromThenOn", {.kind = FaultKind::disk_full, .sticky = true}},
      {"ShortWriteOnce", {.kind = FaultKind::short_write}},
      {"FailedSyncOnce", {.kind = FaultKind::io_error, .only = IoOp::sync}},
      {"FailedSyncAfterItsEffect", {.kind = FaultKind::io_error, .only = IoOp::sync, .after_effect = true}},
      {"FailedWriteAfterItsEffect", {.kind = FaultKind::io_error, .only = IoOp::write, .after_effect = true}},
  };
  all.insert(all.end(), more);
  return all;
}

}  // namespace cairn::test
