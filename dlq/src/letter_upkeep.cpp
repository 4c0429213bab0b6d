#include <fmt/format.h>

#include "letter_desk.hpp"
#include "letter_slices.hpp"

namespace cairn {

namespace {

/// Letters a slice deletes: each takes a few pages with it.
constexpr std::size_t slice_letters = 64;

}  // namespace

Result<std::uint64_t> DeadLetters::prune(std::stop_token stop) {
  const std::int64_t before = letters::to_sql(impl_->clock.now() - impl_->options.keep_closed);
  std::uint64_t removed = 0;
  for (;;) {
    if (stop.stop_requested()) return Error{Errc::cancelled, "prune dead letters: stopped"};
    auto slice = impl_->database.write_background([&](Unit& unit) -> Result<std::size_t> {
      std::vector<LetterId> ids;
      auto read =
          unit.each("SELECT id FROM dead_letter WHERE state >= 4 AND changed_at < $1 ORDER BY changed_at, id LIMIT $2",
                    {before, slice_letters}, [&](const Row& row) { ids.push_back({row.get<std::uint64_t>(0)}); });
      if (!read) return std::move(read).error();
      for (const LetterId id : ids) {
        auto head = letters::read_head(unit, id);
        if (!head) return std::move(head).error();
        if (auto gone = letters::remove(unit, *head); !gone) return std::move(gone).error();
      }
      if (ids.size() == slice_letters) return ids.size();
      auto runs = unit.exec("DELETE FROM dead_letter_redrive WHERE ended_at < $1", {before});
      if (!runs) return std::move(runs).error();
      auto causes = unit.exec("DELETE FROM dead_letter_cause WHERE parked + retrying + resolved + dropped = 0");
      if (!causes) return std::move(causes).error();
      return ids.size();
    });
    if (!slice) return std::move(slice).error();
    removed += *slice;
    if (*slice < slice_letters) return removed;
  }
}

Result<std::uint64_t> DeadLetters::clear(std::string_view queue) {
  const auto clear_one = [&](Unit& unit, const letters::LetterHead& head) -> Result<void> {
    if (head.state != LetterState::retrying) return letters::remove(unit, head);
    return Error{Errc::conflict,
                 fmt::format("clear dead letter queue {}: letter {} is being retried", queue, head.id.value)};
  };
  return letters::for_each_letter(impl_->database, {.queue = std::string{queue}}, {}, clear_one);
}

}  // namespace cairn
