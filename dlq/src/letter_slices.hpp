#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <cairn/core/sql/database.hpp>

#include "letter_search.hpp"
#include "letter_tables.hpp"

namespace cairn::letters {

/// Calls `f(Unit&, LetterHead&) -> Result<void>` for each letter that a filter lets through, up to `through`, the
/// oldest first, some to a unit; so `f` may be called twice for a letter. Returns how many. Its error ends the walk;
/// units before that stay.
template <class F>
Result<std::uint64_t> for_each_letter(Database& database, const LetterFilter& filter, IdRange range, F&& f) {
  constexpr std::size_t slice_letters = 64;
  std::uint64_t sum = 0;
  for (bool last = false; !last;) {
    std::uint64_t in_slice = 0;
    std::uint64_t next = range.low;
    auto done = database.write([&](Unit& unit) -> Result<void> {
      in_slice = 0;
      auto search = LetterSearch::make(unit, filter);
      if (!search) return std::move(search).error();
      auto ids = search->candidates(range, Direction::forward, slice_letters);
      if (!ids) return std::move(ids).error();
      for (const LetterId id : *ids) {
        if (!search->all_pass()) {
          auto summary = read_summary(unit, id);
          if (!summary) return std::move(summary).error();
          if (!search->passes(*summary)) continue;
        }
        auto head = read_head(unit, id);
        if (!head) return std::move(head).error();
        if (auto called = f(unit, *head); !called) return called;
        ++in_slice;
      }
      last = ids->size() < slice_letters;
      if (!ids->empty()) next = ids->back().value + 1;
      return {};
    });
    if (!done) return std::move(done).error();
    sum += in_slice;
    range.low = next;
  }
  return sum;
}

}  // namespace cairn::letters
