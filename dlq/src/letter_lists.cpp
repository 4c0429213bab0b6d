#include <algorithm>

#include <fmt/format.h>

#include "letter_desk.hpp"
#include "letter_search.hpp"

namespace cairn {

using letters::IdRange;
using letters::LetterSearch;

namespace {

constexpr std::size_t page_letters_max = 1'000;

/// Leaves out what comes before the place where a page goes on.
IdRange rest_of(IdRange range, Direction direction, LetterId after) {
  if (direction == Direction::forward) {
    range.low = std::max(range.low, after.value + 1);
  } else if (after.value == 0) {
    range.high = 0;
  } else {
    range.high = std::min(range.high, after.value - 1);
  }
  return range;
}

Result<void> check(const ListLetters& options) {
  if (options.letters_max < 1 || options.letters_max > page_letters_max) {
    return Error{Errc::invalid,
                 fmt::format("list dead letters: {} on a page, of 1 to {}", options.letters_max, page_letters_max)};
  }
  if (options.looked_at_max < 1) return Error{Errc::invalid, "list dead letters: looked_at_max is 0"};
  return {};
}

/// One page: letters that pass, until there are enough or enough were looked at.
Result<LetterPage> page_of(SqlReader& reader, const LetterSearch& search, const ListLetters& options) {
  LetterPage page;
  std::size_t looked_at = 0;
  IdRange range = search.range();
  if (options.after) range = rest_of(range, options.direction, *options.after);
  for (;;) {
    // One more than fits, to know whether there is another page.
    const std::size_t missing = options.letters_max - page.letters.size();
    auto ids = search.candidates(range, options.direction, missing + 1);
    if (!ids) return std::move(ids).error();
    for (const LetterId id : *ids) {
      if (page.letters.size() == options.letters_max || looked_at == options.looked_at_max) return page;
      auto letter = letters::read_summary(reader, id);
      if (!letter) return std::move(letter).error();
      ++looked_at;
      page.next = id;
      range = rest_of(range, options.direction, id);
      if (search.passes(*letter)) page.letters.push_back(std::move(*letter));
    }
    if (ids->size() <= missing) {
      page.next.reset();
      return page;
    }
  }
}

}  // namespace

Result<LetterPage> DeadLetters::list(const ListLetters& options) const {
  if (auto good = check(options); !good) return std::move(good).error();
  auto reader = impl_->database.read();
  if (!reader) return std::move(reader).error();
  auto search = LetterSearch::make(*reader, options.filter);
  if (!search) return std::move(search).error();
  return page_of(*reader, *search, options);
}

Result<DeadLetter> DeadLetters::get(LetterId id) const {
  auto reader = impl_->database.read();
  if (!reader) return std::move(reader).error();
  return letters::read_letter(*reader, id);
}

Result<std::uint64_t> DeadLetters::count(const LetterFilter& filter) const {
  {
    auto reader = impl_->database.read();
    if (!reader) return std::move(reader).error();
    auto search = LetterSearch::make(*reader, filter);
    if (!search) return std::move(search).error();
    if (search->all_pass()) return search->count();
  }
  // Page by page, so that no read transaction is long.
  std::uint64_t passed = 0;
  ListLetters options{.filter = filter, .direction = Direction::forward, .letters_max = page_letters_max};
  for (;;) {
    auto page = list(options);
    if (!page) return std::move(page).error();
    passed += page->letters.size();
    if (!page->next) return passed;
    options.after = page->next;
  }
}

Result<std::vector<LetterCause>> DeadLetters::causes(const std::optional<std::string>& queue) const {
  auto reader = impl_->database.read();
  if (!reader) return std::move(reader).error();
  std::vector<LetterCause> causes;
  auto read = reader->each(
      "SELECT c.number, q.name, c.error, c.text, c.parked, c.retrying, c.resolved, c.dropped FROM dead_letter_cause c "
      "JOIN dead_letter_queue q ON q.number = c.queue WHERE c.parked + c.retrying + c.resolved + c.dropped > 0 AND "
      "($1 IS NULL OR q.name = $1) ORDER BY c.parked + c.retrying DESC, c.number",
      {queue}, [&](const Row& row) {
        causes.push_back({.number = row.get<std::uint64_t>(0),
                          .queue = row.get<std::string>(1),
                          .error = errc_from(row.text(2)),
                          .text = row.get<std::string>(3),
                          .parked = row.get<std::uint64_t>(4),
                          .retrying = row.get<std::uint64_t>(5),
                          .resolved = row.get<std::uint64_t>(6),
                          .dropped = row.get<std::uint64_t>(7)});
      });
  if (!read) return std::move(read).error();
  return causes;
}

Result<std::vector<QueueSummary>> DeadLetters::queues() const {
  auto reader = impl_->database.read();
  if (!reader) return std::move(reader).error();
  std::vector<QueueSummary> queues;
  auto read = reader->each(
      "SELECT q.name, sum(c.parked), sum(c.retrying), sum(c.resolved), sum(c.dropped) FROM dead_letter_queue q "
      "JOIN dead_letter_cause c ON c.queue = q.number GROUP BY q.name ORDER BY q.name",
      {}, [&](const Row& row) {
        queues.push_back({.queue = row.get<std::string>(0),
                          .parked = row.get<std::uint64_t>(1),
                          .retrying = row.get<std::uint64_t>(2),
                          .resolved = row.get<std::uint64_t>(3),
                          .dropped = row.get<std::uint64_t>(4)});
      });
  if (!read) return std::move(read).error();
  const Timestamp hour_ago = impl_->clock.now() - std::chrono::hours{1};
  for (QueueSummary& queue : queues) {
    for (const LetterState state : {LetterState::parked, LetterState::retrying}) {
      auto search = LetterSearch::make(*reader, {.queue = queue.queue, .state = state});
      if (!search) return std::move(search).error();
      auto first = search->candidates({}, Direction::forward, 1);
      if (!first) return std::move(first).error();
      if (!first->empty() && (!queue.oldest || first->front() < *queue.oldest)) queue.oldest = first->front();
    }
    if (queue.oldest) {
      auto letter = letters::read_summary(*reader, *queue.oldest);
      if (!letter) return std::move(letter).error();
      queue.oldest_parked_at = letter->parked_at;
    }
    auto recent = LetterSearch::make(*reader, {.queue = queue.queue, .parked_from = hour_ago});
    if (!recent) return std::move(recent).error();
    auto came = recent->count();
    if (!came) return std::move(came).error();
    queue.parked_last_hour = *came;
  }
  return queues;
}

}  // namespace cairn
