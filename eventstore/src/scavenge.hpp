#pragma once

#include <cairn/core/result.hpp>
#include <cairn/eventstore/scavenge.hpp>

namespace cairn::log {

class SqliteLog;

/// EventStore::scavenge(): slice by slice, each a unit. docs/format.md, "Scavenge".
Result<ScavengeReport> scavenge(SqliteLog& log, const ScavengeOptions& options);

}  // namespace cairn::log
