#pragma once

#include <cairn/core/result.hpp>
#include <cairn/eventstore/doctor.hpp>

namespace cairn::log {

class SqliteLog;

/// EventStore::doctor().
Result<StoreReport> examine_store(const SqliteLog& log, const DoctorOptions& options);

/// What there is to say about the numbers of a report.
[[nodiscard]] std::vector<Finding> find_all(const StoreReport& report, const DoctorOptions& options);

}  // namespace cairn::log
