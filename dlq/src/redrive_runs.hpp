#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/unit.hpp>
#include <cairn/dlq/redrive.hpp>

namespace cairn::letters {

/// Stores a new run over the letters there are now. Returns its number.
Result<std::uint64_t> begin_run(Unit& unit, const LetterFilter& filter, std::string_view worker, Timestamp now);
/// Errors: not_found, corrupt (its filter is none).
[[nodiscard]] Result<RedriveRecord> read_run(SqlReader& reader, std::uint64_t number);
[[nodiscard]] Result<std::vector<RedriveRecord>> read_runs(SqlReader& reader, std::size_t runs_max);
/// Writes how far it is, and when it ended.
Result<void> write_run(Unit& unit, const RedriveRecord& run);

}  // namespace cairn::letters
