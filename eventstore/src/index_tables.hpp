#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/unit.hpp>
#include <cairn/eventstore/read_options.hpp>

#include "pending_index.hpp"

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

/// Writes a frozen generation to the tables in key order, so that a page is written once for all entries that
/// fall on it, in slices small enough to ride along with other commits. Repeating rows that a crash left behind
/// replaces them with at least what they held.
class IndexFlush {
 public:
  /// `generation` must stay as it is until finished.
  explicit IndexFlush(const IndexGeneration& generation);

  /// Writes about `rows` rows; true when the last one was written. Not yet durable: see committed().
  Result<bool> write(Unit& unit, std::size_t rows);
  void committed() noexcept { durable_ = next_; }
  /// The transaction was rolled back: write those rows again.
  void abandoned() noexcept { next_ = durable_; }
  [[nodiscard]] std::size_t keys() const noexcept { return streams_.size() + postings_.size(); }
  [[nodiscard]] bool complete() const noexcept { return durable_ == keys(); }
  [[nodiscard]] std::uint64_t last_position() const noexcept { return generation_->last_position; }

 private:
  Result<std::size_t> write_stream(Unit& unit, std::uint32_t stream);
  Result<std::size_t> write_posting(Unit& unit, std::uint64_t key);

  const IndexGeneration* generation_;
  std::vector<std::uint32_t> streams_;
  std::vector<std::uint64_t> postings_;
  std::size_t next_ = 0;
  std::size_t durable_ = 0;
  Bytes encoded_;
};

}  // namespace cairn::log
