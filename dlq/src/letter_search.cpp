#include "letter_search.hpp"

#include <algorithm>
#include <string_view>

#include "letter_tables.hpp"

namespace cairn::letters {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool contains(std::string_view text, std::string_view part) {
  return !std::ranges::search(text, part, {}, lower, lower).empty() || part.empty();
}

}  // namespace

Result<std::uint64_t> first_parked_from(SqlReader& reader, Timestamp time) {
  auto last = reader.first<std::uint64_t>("SELECT max(id) FROM dead_letter", {});
  if (!last) return std::move(last).error();
  std::uint64_t low = 1;
  std::uint64_t high = last->value_or(0) + 1;
  // Times grow with ids, but ids have gaps: ask for the first letter from the middle on.
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    auto row = reader.first<std::uint64_t, std::int64_t>(
        "SELECT id, parked_at FROM dead_letter WHERE id >= $1 ORDER BY id LIMIT 1", {middle});
    if (!row) return std::move(row).error();
    if (*row && std::get<1>(**row) < to_sql(time)) {
      low = std::get<0>(**row) + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Result<LetterSearch> LetterSearch::make(SqlReader& reader, const LetterFilter& filter) {
  if (filter.key && (!filter.queue || filter.key->empty())) {
    return Error{Errc::invalid, "dead letters by key: a key that is not empty, and its queue"};
  }
  LetterSearch search{reader};
  search.text_ = filter.text;
  if (filter.queue) {
    auto queue = find_queue(reader, *filter.queue);
    if (!queue) return std::move(queue).error();
    if (!*queue) return search;  // no lists: nothing is found
    search.queue_ = **queue;
  }
  if (auto added = search.add_lists(filter); !added) return std::move(added).error();
  if (auto narrowed = search.narrow(filter); !narrowed) return std::move(narrowed).error();
  return search;
}

Result<void> LetterSearch::add_lists(const LetterFilter& filter) {
  const auto wanted = [&](LetterState state) { return !filter.state || *filter.state == state; };
  std::vector<std::uint64_t> causes;
  std::vector<List> lists;
  const std::string_view sql =
      queue_ == 0 ? "SELECT number, queue, error, parked, retrying, resolved, dropped FROM dead_letter_cause "
                    "WHERE queue > $1 ORDER BY number"
                  : "SELECT number, queue, error, parked, retrying, resolved, dropped FROM dead_letter_cause "
                    "WHERE queue = $1 ORDER BY number";
  auto read = reader_->each(sql, {queue_}, [&](const Row& row) {
    if (filter.error && row.text(2) != to_string(*filter.error)) return;
    const auto number = row.get<std::uint64_t>(0);
    if (filter.cause && number != *filter.cause) return;
    causes.push_back(number);
    int column = 3;
    for (const LetterState state : letter_states) {
      const auto letters = row.get<std::uint64_t>(column++);
      if (letters == 0 || !wanted(state)) continue;
      lists.push_back({.cause = number, .state = state});
      queues_.insert(row.get<std::uint32_t>(1));
      counted_ += letters;
    }
  });
  if (!read) return read;
  if (!filter.key) {
    lists_ = std::move(lists);
    return {};
  }
  key_ = *filter.key;
  if (filter.error || filter.cause) causes_ = std::move(causes);
  for (const LetterState state : letter_states) {
    if (wanted(state)) lists_.push_back({.state = state});
  }
  return {};
}

Result<void> LetterSearch::narrow(const LetterFilter& filter) {
  whole_ = !filter.parked_from && !filter.parked_to;
  if (filter.parked_from) {
    auto first = first_parked_from(*reader_, *filter.parked_from);
    if (!first) return std::move(first).error();
    range_.low = *first;
  }
  if (filter.parked_to) {
    auto first = first_parked_from(*reader_, *filter.parked_to);
    if (!first) return std::move(first).error();
    range_.high = *first - 1;
  }
  return {};
}

Result<void> LetterSearch::list_ids(const List& list, IdRange range, Direction direction, std::size_t limit,
                                    std::vector<LetterId>& out) const {
  const auto take = [&out](const Row& row) { out.push_back({row.get<std::uint64_t>(0)}); };
  const bool forward = direction == Direction::forward;
  const int state = static_cast<int>(list.state);
  if (list.cause != 0) {
    return reader_->each(forward
                             ? "SELECT id FROM dead_letter WHERE cause = $1 AND state = $2 AND id >= $3 AND id <= $4 "
                               "ORDER BY id LIMIT $5"
                             : "SELECT id FROM dead_letter WHERE cause = $1 AND state = $2 AND id >= $3 AND id <= $4 "
                               "ORDER BY id DESC LIMIT $5",
                         {list.cause, state, range.low, range.high, limit}, take);
  }
  return reader_->each(forward
                           ? "SELECT id FROM dead_letter WHERE queue = $1 AND key = $2 AND key <> '' AND state = $3 "
                             "AND id >= $4 AND id <= $5 ORDER BY id LIMIT $6"
                           : "SELECT id FROM dead_letter WHERE queue = $1 AND key = $2 AND key <> '' AND state = $3 "
                             "AND id >= $4 AND id <= $5 ORDER BY id DESC LIMIT $6",
                       {queue_, key_, state, range.low, range.high, limit}, take);
}

Result<std::vector<LetterId>> LetterSearch::candidates(IdRange range, Direction direction, std::size_t limit) const {
  range.low = std::max(range.low, range_.low);
  range.high = std::min(range.high, range_.high);
  std::vector<LetterId> found;
  std::vector<LetterId> merged;
  const auto before = [&](LetterId a, LetterId b) { return direction == Direction::forward ? a < b : b < a; };
  for (const List& list : lists_) {
    if (range.low > range.high) break;
    std::vector<LetterId> ids;
    if (auto read = list_ids(list, range, direction, limit, ids); !read) return std::move(read).error();
    merged.clear();
    std::ranges::merge(found, ids, std::back_inserter(merged), before);
    if (merged.size() > limit) merged.resize(limit);
    std::swap(found, merged);
    if (found.size() < limit) continue;
    // What the next lists have beyond the last of these is not wanted.
    (direction == Direction::forward ? range.high : range.low) = found.back().value;
  }
  return found;
}

bool LetterSearch::passes(const LetterSummary& letter) const {
  if (causes_ && !std::ranges::binary_search(*causes_, letter.cause)) return false;
  if (!text_) return true;
  return contains(letter.key, *text_) || contains(letter.source, *text_) || contains(letter.type, *text_) ||
         (letter.error && contains(letter.error->message(), *text_));
}

Result<std::uint64_t> LetterSearch::count() const {
  if (!all_pass()) return Error{Errc::invalid, "counting these letters takes a look at each"};
  if (key_.empty() && whole_) return counted_;
  std::uint64_t sum = 0;
  for (const List& list : lists_) {
    const int state = static_cast<int>(list.state);
    auto letters =
        list.cause != 0
            ? reader_->first<std::uint64_t>(
                  "SELECT count(*) FROM dead_letter WHERE cause = $1 AND state = $2 AND id >= $3 AND id <= $4",
                  {list.cause, state, range_.low, range_.high})
            : reader_->first<std::uint64_t>(
                  "SELECT count(*) FROM dead_letter WHERE queue = $1 AND key = $2 AND "
                  "key <> '' AND state = $3 AND id >= $4 AND id <= $5",
                  {queue_, key_, state, range_.low, range_.high});
    if (!letters) return std::move(letters).error();
    sum += **letters;
  }
  return sum;
}

}  // namespace cairn::letters
