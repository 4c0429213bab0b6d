#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/sql_reader.hpp>

#include "log_tail.hpp"
#include "open_group.hpp"
#include "pending_index.hpp"

namespace cairn::log {

/// Positions of revisions [from, to] of a stream, contiguous from `from` on, at most about `limit` of them and none
/// above the snapshot's head: from the index table, from what is pending and, inside a unit (`group` given), from
/// what the open group has appended. Errors: corrupt (a hole).
Result<std::vector<std::uint64_t>> stream_positions(SqlReader& reader, const LogSnapshot& snapshot,
                                                    const PendingIndex& pending, const OpenGroup* group,
                                                    std::uint32_t stream, std::uint64_t from, std::uint64_t to,
                                                    std::size_t limit);

/// The stream's last revision at or below the snapshot's head, or nothing when it has no event there.
Result<std::optional<std::uint64_t>> last_revision(SqlReader& reader, const LogSnapshot& snapshot,
                                                   const PendingIndex& pending, const OpenGroup* group,
                                                   std::uint32_t stream);

}  // namespace cairn::log
