#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/sql_reader.hpp>

#include "log_fetch.hpp"
#include "log_tail.hpp"
#include "open_group.hpp"
#include "pending_index.hpp"
#include "retention_table.hpp"

namespace cairn::log {

/// Where the index of one stream is looked up: its table, what is pending and, inside a unit (`group` given), what the
/// open group has appended; as far as the snapshot's head.
struct StreamIndex {
  SqlReader& reader;
  const LogSnapshot& snapshot;
  const PendingIndex& pending;
  const OpenGroup* group;
  std::uint32_t stream;
};

/// Positions of revisions [from, to], contiguous from `from` on, at most about `limit` of them. Errors: corrupt (a
/// hole).
Result<std::vector<std::uint64_t>> stream_positions(const StreamIndex& index, std::uint64_t from, std::uint64_t to,
                                                    std::size_t limit);

/// The stream's last revision, or nothing when it has no event.
Result<std::optional<std::uint64_t>> last_revision(const StreamIndex& index);

/// The first revision from `first` on that is not too old at `now`, or `next`. Events up to `next` are there, and their
/// times do not decrease. Errors: corrupt (one is missing).
Result<std::uint64_t> first_young(const StreamIndex& index, LogFetch& fetch, const StoredRetention& retention,
                                  Timestamp now, std::uint64_t first, std::uint64_t next);

}  // namespace cairn::log
