#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/unit.hpp>

#include "pending_index.hpp"

namespace cairn::log {

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
