#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <cairn/core/result.hpp>

#include "verify_reads.hpp"

namespace cairn::log {

/// What the walk through the log has learned for the tables beside it.
struct LogTotals {
  std::uint32_t last_stream = 0;  ///< the greatest number of a stream that has an event
  std::uint64_t payloads = 0;     ///< events whose data is in table payload
  std::uint64_t ids_through = 0;  ///< how far table event_id reaches
  std::uint64_t ids = 0;          ///< events up to there
};

/// Checks the rows of the tables that are neither log nor index: each belongs to something that is there, and what must
/// have a row has one. Errors: corrupt, naming the row; and those of a read.
Result<void> verify_tables(VerifyReads& reads, const LogTotals& totals, std::span<const std::string_view> categories);

}  // namespace cairn::log
