#include <cairn/dlq/dead_letters.hpp>

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "letter_desk.hpp"
#include "letter_limits.hpp"
#include "letter_search.hpp"
#include "letter_slices.hpp"
#include "schema_sql.hpp"

namespace cairn {

namespace {

Error not_parked(std::string_view what, const letters::LetterHead& head) {
  return Error{Errc::conflict, fmt::format("{} dead letter {}: it is {}", what, head.id.value, to_string(head.state))};
}

std::string call_on(std::string_view what, LetterId id) { return fmt::format("{} dead letter {}", what, id.value); }

}  // namespace

DeadLetters::DeadLetters(std::unique_ptr<letters::LetterDesk> impl) noexcept : impl_{std::move(impl)} {}

DeadLetters::~DeadLetters() { impl_->database.detach(impl_->commits); }

Result<std::unique_ptr<DeadLetters>> DeadLetters::open(Database& database, DeadLetterParts parts,
                                                       DeadLetterOptions options) {
  if (auto migrated = database.migrate("dlq", letters::schema::migrations); !migrated)
    return std::move(migrated).error();
  auto impl = std::make_unique<letters::LetterDesk>(database, parts, options);
  if (auto attached = database.attach(impl->commits); !attached) return std::move(attached).error();
  std::unique_ptr<DeadLetters> opened{new DeadLetters{std::move(impl)}};
  if (auto parked = opened->impl_->park_interrupted(); !parked) return std::move(parked).error();
  return opened;
}

Database& DeadLetters::database() const noexcept { return impl_->database; }

/// Attempts outside the store that were under way when the process ended: nobody knows how they went.
Result<void> letters::LetterDesk::park_interrupted() {
  std::size_t parked = 0;
  auto done = database.write([&](Unit& unit) -> Result<void> {
    parked = 0;
    auto search = letters::LetterSearch::make(unit, {.state = LetterState::retrying});
    if (!search) return std::move(search).error();
    auto ids = search->candidates({}, Direction::forward, std::numeric_limits<std::int32_t>::max());
    if (!ids) return std::move(ids).error();
    const Error interrupted{Errc::outcome_unknown, "the process ended during this attempt"};
    for (const LetterId id : *ids) {
      auto head = letters::read_head(unit, id);
      if (!head) return std::move(head).error();
      auto open = letters::attempt_under_way(unit, id);
      if (!open) return std::move(open).error();
      if (*open) {
        if (auto ended = letters::end_attempt(unit, id, **open, {}, interrupted); !ended) return ended;
      }
      // It keeps the cause it was parked with, by which the run that was trying it finds it again. Due at once, for a
      // policy that tries by itself: the attempt it was in the middle of is not over.
      auto changed = letters::change(unit, *head, {.due_at = clock.now(), .now = clock.now()});
      if (!changed) return changed;
      ++parked;
    }
    return {};
  });
  if (done && parked > 0) logger.warning("dlq.interrupted_attempts", {{"letters", parked}});
  return done;
}

Result<Parked> letters::LetterDesk::park(Unit& unit, const NewDeadLetter& letter, const Error& why) {
  if (auto good = letters::check(letter); !good) return std::move(good).error();
  std::array<LetterAttempt, 1> this_one{LetterAttempt{.started_at = clock.now(), .worker = letter.queue, .error = why}};
  auto queue = letters::find_queue(unit, letter.queue);
  if (!queue) return std::move(queue).error();
  if (*queue) {
    auto known = letters::find_item(unit, **queue, letter.item);
    if (!known) return std::move(known).error();
    if (*known) {
      return park_again(unit, std::move(**known), letter.attempts.empty() ? this_one : std::span{letter.attempts}, why);
    }
  }
  NewDeadLetter first = letter;
  if (first.attempts.empty()) first.attempts.assign(this_one.begin(), this_one.end());
  const auto attempts = static_cast<std::uint32_t>(first.attempts.size());
  auto head = letters::insert(unit, first,
                              {.error = why,
                               .due_at = due_after(letter.queue, attempts, why),
                               .parked_at = clock.now(),
                               .changed_at = clock.now()});
  if (!head) return std::move(head).error();
  commits.note(What::parked, letter.queue);
  return Parked{.id = head->id};
}

Result<Parked> letters::LetterDesk::park_again(Unit& unit, Head head, std::span<const LetterAttempt> attempts,
                                               const Error& why) {
  for (const LetterAttempt& attempt : attempts) {
    if (auto added = letters::add_attempt(unit, head, attempt); !added) return std::move(added).error();
  }
  // An attempt outside the store goes on, and says itself how it ends.
  const LetterState state = head.state == LetterState::retrying ? LetterState::retrying : LetterState::parked;
  auto changed = letters::change(
      unit, head,
      {.state = state, .error = why, .due_at = due_after(head.queue_name, head.attempts, why), .now = clock.now()});
  if (!changed) return std::move(changed).error();
  commits.note(What::parked, head.queue_name);
  return Parked{.id = head.id, .repeated = true};
}

Result<Parked> DeadLetters::park(const NewDeadLetter& letter, const Error& why) {
  return impl_->database.write([&](Unit& unit) { return impl_->park(unit, letter, why); }, letter.payload.size());
}

Result<Parked> DeadLetters::park(Unit& unit, const NewDeadLetter& letter, const Error& why) {
  return impl_->park(unit, letter, why);
}

Result<std::optional<Parked>> DeadLetters::park_behind(Unit& unit, const NewDeadLetter& letter) {
  if (letter.key.empty()) return std::optional<Parked>{};
  auto queue = letters::find_queue(unit, letter.queue);
  if (!queue) return std::move(queue).error();
  if (!*queue) return std::optional<Parked>{};
  auto older = letters::oldest_open(unit, **queue, letter.key);
  if (!older) return std::move(older).error();
  if (!*older) return std::optional<Parked>{};
  if (auto good = letters::check(letter); !good) return std::move(good).error();
  auto known = letters::find_item(unit, **queue, letter.item);
  if (!known) return std::move(known).error();
  if (!*known) {
    auto head = letters::insert(unit, letter, {.parked_at = impl_->clock.now(), .changed_at = impl_->clock.now()});
    if (!head) return std::move(head).error();
    impl_->commits.note(letters::LetterDesk::What::parked, letter.queue);
    return std::optional{Parked{.id = head->id}};
  }
  if (!(*known)->is_open()) {
    // It may be the oldest of its key now, and nothing before it would wake it.
    auto changed = letters::change(unit, **known, {.due_at = impl_->clock.now(), .now = impl_->clock.now()});
    if (!changed) return std::move(changed).error();
    impl_->commits.note(letters::LetterDesk::What::due, letter.queue);
  }
  return std::optional{Parked{.id = (*known)->id, .repeated = true}};
}

Result<bool> DeadLetters::has_open(SqlReader& reader, std::string_view queue) {
  auto open = reader.first<bool>(
      "SELECT EXISTS (SELECT 1 FROM dead_letter_cause WHERE queue = (SELECT number FROM dead_letter_queue "
      "WHERE name = $1) AND parked + retrying > 0)",
      {queue});
  if (!open) return std::move(open).error();
  return **open;
}

Result<bool> DeadLetters::has_open(SqlReader& reader, std::string_view queue, std::string_view key) {
  auto number = letters::find_queue(reader, queue);
  if (!number) return std::move(number).error();
  if (!*number || key.empty()) return false;
  auto oldest = letters::oldest_open(reader, **number, key);
  if (!oldest) return std::move(oldest).error();
  return oldest->has_value();
}

Result<void> DeadLetters::edit(LetterId id, BytesView payload, std::string_view author) {
  const std::string what = call_on("edit", id);
  if (auto good = letters::check_author(what, author); !good) return good;
  if (auto good = letters::check_payload(what, payload); !good) return good;
  const auto change = [&](Unit& unit) -> Result<void> {
    auto head = letters::read_head(unit, id);
    if (!head) return std::move(head).error();
    if (head->state != LetterState::parked) return not_parked("edit", *head);
    auto stored = unit.exec(
        "UPDATE dead_letter_content SET original = coalesce(original, payload), payload = $2 WHERE letter = $1",
        {id.value, payload});
    if (!stored) return std::move(stored).error();
    const Timestamp now = impl_->clock.now();
    auto touched = unit.exec("UPDATE dead_letter SET changed_at = $2, payload_bytes = $3 WHERE id = $1",
                             {id.value, letters::to_sql(now), payload.size()});
    if (!touched) return std::move(touched).error();
    return letters::add_note(unit, id, {now, std::string{author}, "edited the payload"});
  };
  return impl_->database.write(change, payload.size());
}

Result<void> DeadLetters::note(LetterId id, std::string_view author, std::string_view text) {
  const std::string what = call_on("note on", id);
  if (auto good = letters::check_author(what, author); !good) return good;
  if (auto good = letters::check_note(what, text); !good) return good;
  return impl_->database.write([&](Unit& unit) -> Result<void> {
    auto head = letters::read_head(unit, id);
    if (!head) return std::move(head).error();
    return letters::add_note(unit, id, {impl_->clock.now(), std::string{author}, std::string{text}});
  });
}

/// Gives a parked letter another end, or one that has ended its beginning again.
Result<void> letters::LetterDesk::close_one(Unit& unit, Head& head, LetterState state, const LetterNote& why) {
  auto changed = letters::change(unit, head, {.state = state, .now = clock.now()});
  if (!changed) return changed;
  if (auto noted = letters::add_note(unit, head.id, why); !noted) return noted;
  if (state == LetterState::dropped) commits.note(What::dropped, head.queue_name);
  return {};
}

Result<void> DeadLetters::drop(LetterId id, std::string_view author, std::string_view reason) {
  const std::string what = call_on("drop", id);
  if (auto good = letters::check_author(what, author); !good) return good;
  if (auto good = letters::check_note(what, reason); !good) return good;
  return impl_->database.write([&](Unit& unit) -> Result<void> {
    auto head = letters::read_head(unit, id);
    if (!head) return std::move(head).error();
    if (head->state != LetterState::parked) return not_parked("drop", *head);
    auto closed = impl_->close_one(unit, *head, LetterState::dropped,
                                   {impl_->clock.now(), std::string{author}, fmt::format("dropped: {}", reason)});
    if (!closed) return closed;
    return impl_->wake_next(unit, *head);
  });
}

Result<std::uint64_t> DeadLetters::drop(const LetterFilter& filter, std::string_view author, std::string_view reason) {
  if (auto good = letters::check_author("drop dead letters", author); !good) return std::move(good).error();
  if (auto good = letters::check_note("drop dead letters", reason); !good) return std::move(good).error();
  LetterId through;
  {
    auto reader = impl_->database.read();
    if (!reader) return std::move(reader).error();
    auto last = reader->first<std::uint64_t>("SELECT coalesce(max(id), 0) FROM dead_letter", {});
    if (!last) return std::move(last).error();
    through = {**last};
  }
  LetterFilter parked = filter;
  parked.state = LetterState::parked;
  const std::string note = fmt::format("dropped: {}", reason);
  // The oldest letter of each key that goes. What waits behind them is woken at the end, when it is known to stay.
  std::map<std::pair<std::uint32_t, std::string>, letters::LetterHead> keys;
  const auto drop_one = [&](Unit& unit, letters::LetterHead& head) {
    if (!head.key.empty()) keys.try_emplace({head.queue, head.key}, head);
    return impl_->close_one(unit, head, LetterState::dropped, {impl_->clock.now(), std::string{author}, note});
  };
  auto dropped = letters::for_each_letter(impl_->database, parked, {.high = through.value}, drop_one);
  if (!dropped) return dropped;
  for (const auto& [key, head] : keys) {
    auto woken = impl_->database.write([&](Unit& unit) { return impl_->wake_next(unit, head); });
    if (!woken) return std::move(woken).error();
  }
  return dropped;
}

Result<void> DeadLetters::reopen(LetterId id, std::string_view author, std::string_view reason) {
  const std::string what = call_on("reopen", id);
  if (auto good = letters::check_author(what, author); !good) return good;
  if (auto good = letters::check_note(what, reason); !good) return good;
  return impl_->database.write([&](Unit& unit) -> Result<void> {
    auto head = letters::read_head(unit, id);
    if (!head) return std::move(head).error();
    if (head->is_open()) return not_parked("reopen", *head);
    return impl_->close_one(unit, *head, LetterState::parked,
                            {impl_->clock.now(), std::string{author}, fmt::format("reopened: {}", reason)});
  });
}

Result<void> DeadLetters::resolve(Unit& unit, LetterId id, std::string_view worker) {
  if (auto good = letters::check_author(call_on("resolve", id), worker); !good) return good;
  auto head = letters::read_head(unit, id);
  if (!head) return std::move(head).error();
  if (head->state != LetterState::parked) return not_parked("resolve", *head);
  const Timestamp now = impl_->clock.now();
  auto added = letters::add_attempt(unit, *head, {.started_at = now, .worker = std::string{worker}});
  if (!added) return added;
  auto changed = letters::change(unit, *head, {.state = LetterState::resolved, .now = now});
  if (!changed) return changed;
  impl_->commits.note(letters::LetterDesk::What::resolved, head->queue_name);
  return impl_->wake_next(unit, *head);
}

Result<Parked> DeadLetters::restore(Unit& unit, const DeadLetter& letter) {
  const NewDeadLetter as_parked{.queue = letter.queue,
                                .key = letter.key,
                                .source = letter.source,
                                .item = letter.item,
                                .type = letter.type,
                                .schema_version = letter.schema_version,
                                .content_type = letter.content_type,
                                .payload = letter.payload,
                                .metadata = letter.metadata,
                                .event = letter.event,
                                .attempts = letter.history};
  if (auto good = letters::check(as_parked); !good) return std::move(good).error();
  if (letter.original) {
    auto good = letters::check_payload("restore: the original", *letter.original);
    if (!good) return std::move(good).error();
  }
  for (const LetterNote& note : letter.notes) {
    if (auto good = letters::check_author("restore: a note", note.author); !good) return std::move(good).error();
    if (auto good = letters::check_note("restore: a note", note.text); !good) return std::move(good).error();
  }
  auto queue = letters::find_queue(unit, letter.queue);
  if (!queue) return std::move(queue).error();
  if (*queue) {
    auto known = letters::find_item(unit, **queue, letter.item);
    if (!known) return std::move(known).error();
    if (*known) return Parked{.id = (*known)->id, .repeated = true};
  }
  const LetterState state = letter.state == LetterState::retrying ? LetterState::parked : letter.state;
  const Timestamp now = impl_->clock.now();
  letters::LetterPlace place{.state = state,
                             .error = letter.error,
                             .parked_at = std::min(letter.parked_at, now),  // later ones would have to be later still
                             .changed_at = std::min(letter.changed_at, now)};
  if (state == LetterState::parked) place.due_at = letter.due_at;
  auto head = letters::insert(unit, as_parked, place);
  if (!head) return std::move(head).error();
  if (letter.original) {
    auto kept =
        unit.exec("UPDATE dead_letter_content SET original = $2 WHERE letter = $1", {head->id.value, *letter.original});
    if (!kept) return std::move(kept).error();
  }
  for (const LetterNote& note : letter.notes) {
    if (auto added = letters::add_note(unit, head->id, note); !added) return std::move(added).error();
  }
  return Parked{.id = head->id};
}

void DeadLetters::on_due_changed(std::function<void()> changed) { impl_->commits.on_due_changed(std::move(changed)); }

}  // namespace cairn
