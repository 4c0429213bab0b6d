#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/sql_reader.hpp>
#include <cairn/eventstore/read_options.hpp>

#include "name_table.hpp"
#include "pending_index.hpp"

namespace cairn::log {

/// How the indexes can serve a filter: a union of parts, each of which gives every position that may match it
/// (and others that do not: EventMatcher decides).
struct IndexPlan {
  struct Part {
    std::vector<std::uint64_t> any_of;  ///< union of these keys (types, or the category) ...
    std::vector<std::uint64_t> all_of;  ///< ... or the intersection of these (tags)
  };
  std::vector<Part> parts;

  /// Nothing when no index restricts the filter and the log must be scanned.
  [[nodiscard]] static std::optional<IndexPlan> make(const EventFilter& filter, const NameTable& types,
                                                     const NameTable& categories, bool writer);
};

/// Positions that may match, in reading order, and how far the search has looked.
struct Candidates {
  std::vector<std::uint64_t> positions;
  std::uint64_t scanned_through = 0;  ///< everything from the start of the range to here was looked at
  std::size_t postings_read = 0;
};

/// Looks index entries up in the tables and in what is pending, within one transaction. The pending part must not
/// have been dropped since the transaction began: see PendingIndex.
class IndexSearch {
 public:
  IndexSearch(SqlReader& reader, const PendingIndex& pending) noexcept : reader_{reader}, pending_{pending} {}

  /// Candidates within [from, to], some `limit` of them: ascending from `from`, or descending from `to`.
  Result<Candidates> find(const IndexPlan& plan, std::uint64_t from, std::uint64_t to, std::size_t limit,
                          Direction direction);
  /// The highest position of `key` within [from, to].
  Result<std::optional<std::uint64_t>> last(std::uint64_t key, std::uint64_t from, std::uint64_t to);

 private:
  /// Positions in reading order; all there are up to `through`.
  struct Page {
    std::vector<std::uint64_t> positions;
    std::uint64_t through = 0;
  };
  Result<Page> page(std::uint64_t key, std::uint64_t from, std::uint64_t to, std::size_t limit, Direction direction);
  Result<Page> page_of_part(const IndexPlan::Part& part, std::uint64_t from, std::uint64_t to, std::size_t limit,
                            Direction direction);
  Result<Page> page_of_all(std::vector<std::uint64_t> keys, std::uint64_t from, std::uint64_t to, std::size_t limit,
                           Direction direction);
  Result<void> rarest_first(std::vector<std::uint64_t>& keys, std::uint64_t from);

  SqlReader& reader_;
  const PendingIndex& pending_;
  std::size_t postings_read_ = 0;
};

}  // namespace cairn::log
