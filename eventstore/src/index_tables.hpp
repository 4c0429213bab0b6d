#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/sql_reader.hpp>
#include <cairn/eventstore/read_options.hpp>

namespace cairn::log {

/// Positions in one row of an index table, at most.
inline constexpr std::size_t index_row_positions_max = 512;

/// Positions of revisions [from, to] that the tables hold, contiguous from `from` on, at most about `limit`;
/// empty when `from` is not in the tables. Errors: corrupt (undecodable, or a hole between rows).
Result<void> read_stream_positions(SqlReader& reader, std::uint32_t stream, std::uint64_t from, std::uint64_t to,
                                   std::size_t limit, std::vector<std::uint64_t>& out);

/// Last revision of the stream in the tables.
Result<std::optional<std::uint64_t>> last_indexed_revision(SqlReader& reader, std::uint32_t stream);

/// Positions of `key` within [from, to], at most `limit`: ascending from the lowest, or descending from the highest.
Result<void> read_posting_positions(SqlReader& reader, std::uint64_t key, std::uint64_t from, std::uint64_t to,
                                    std::size_t limit, Direction direction, std::vector<std::uint64_t>& out);

/// Rows of `key` from `from` on, counted up to `limit`: a cheap measure of how selective a key is.
Result<std::size_t> count_posting_rows(SqlReader& reader, std::uint64_t key, std::uint64_t from, std::size_t limit);

}  // namespace cairn::log
