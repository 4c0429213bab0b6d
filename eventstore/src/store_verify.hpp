#pragma once

#include <cairn/core/result.hpp>
#include <cairn/eventstore/verify.hpp>

namespace cairn::log {

class SqliteLog;

/// EventStore::verify. Damage is a finding of the report; an Error means that verify itself could not go on.
Result<VerifyReport> verify_store(const SqliteLog& log, const VerifyOptions& options);

}  // namespace cairn::log
