#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/sql_reader.hpp>
#include <cairn/dlq/letter_filter.hpp>

namespace cairn::letters {

/// [low, high].
struct IdRange {
  std::uint64_t low = 1;
  std::uint64_t high = std::numeric_limits<std::int64_t>::max();
};

/// Finds the letters that a filter lets through, in order of id, from the ordered lists that the indexes keep: one for
/// each cause and state, or for the key and each state. Good for one transaction.
class LetterSearch {
 public:
  /// Errors: invalid (says what is wrong with the filter).
  [[nodiscard]] static Result<LetterSearch> make(SqlReader& reader, const LetterFilter& filter);

  /// Up to `limit` letters of `range` that may pass, the lowest first, or with `backward` the highest. Whether they do
  /// passes() knows.
  [[nodiscard]] Result<std::vector<LetterId>> candidates(IdRange range, Direction direction, std::size_t limit) const;
  /// Whether candidates pass without a look.
  [[nodiscard]] bool all_pass() const noexcept { return !text_ && !causes_; }
  [[nodiscard]] bool passes(const LetterSummary& letter) const;
  /// How many letters pass. Errors: invalid (it takes a look at each: all_pass() says so).
  [[nodiscard]] Result<std::uint64_t> count() const;
  /// Numbers of the queues that letters may be of.
  [[nodiscard]] const std::set<std::uint32_t>& queues() const noexcept { return queues_; }
  /// What the times of the filter allow.
  [[nodiscard]] IdRange range() const noexcept { return range_; }

 private:
  struct List {
    std::uint64_t cause = 0;  ///< 0: by key
    LetterState state{};
  };

  explicit LetterSearch(SqlReader& reader) noexcept : reader_{&reader} {}
  Result<void> add_lists(const LetterFilter& filter);
  Result<void> narrow(const LetterFilter& filter);
  Result<void> list_ids(const List& list, IdRange range, Direction direction, std::size_t limit,
                        std::vector<LetterId>& out) const;

  SqlReader* reader_;
  std::uint32_t queue_ = 0;
  std::string key_;
  std::vector<List> lists_;
  std::set<std::uint32_t> queues_;
  IdRange range_;
  bool whole_ = true;                                 ///< the range leaves nothing out
  std::optional<std::vector<std::uint64_t>> causes_;  ///< when the lists are not theirs
  std::optional<std::string> text_;
  std::uint64_t counted_ = 0;  ///< by the causes
};

/// The first letter that was parked at `time` or later, or one beyond the last.
[[nodiscard]] Result<std::uint64_t> first_parked_from(SqlReader& reader, Timestamp time);

}  // namespace cairn::letters
