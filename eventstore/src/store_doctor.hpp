#pragma once

#include <cairn/core/result.hpp>
#include <cairn/eventstore/doctor.hpp>

namespace cairn::log {

class SqliteLog;

/// EventStore::doctor().
Result<StoreReport> examine_store(const SqliteLog& log, const DoctorOptions& options);

/// What there is to say about the numbers of a report.
[[nodiscard]] std::vector<Finding> find_all(const StoreReport& report, const DoctorOptions& options);

[[nodiscard]] constexpr double mebibytes(std::uint64_t bytes) noexcept {
  return static_cast<double>(bytes) / (1U << 20U);
}

}  // namespace cairn::log
