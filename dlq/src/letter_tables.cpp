#include "letter_tables.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cause.hpp"
#include "letter_json.hpp"

namespace cairn::letters {

namespace {

Result<void> done(Result<std::int64_t> changed) {
  if (!changed) return std::move(changed).error();
  return {};
}

Error no_letter(LetterId id) { return Error{Errc::not_found, fmt::format("no dead letter {}", id.value)}; }

Error unreadable(LetterId id, std::string_view what) {
  return Error{Errc::corrupt, fmt::format("dead letter {}: {}", id.value, what)};
}

/// Adds to how many letters of a cause are in a state.
Result<void> count(Unit& unit, std::uint64_t cause, LetterState state, std::int64_t more) {
  const auto in = [&](LetterState counted) { return state == counted ? more : 0; };
  return done(
      unit.exec("UPDATE dead_letter_cause SET parked = parked + $2, retrying = retrying + $3, "
                "resolved = resolved + $4, dropped = dropped + $5 WHERE number = $1",
                {cause, in(LetterState::parked), in(LetterState::retrying), in(LetterState::resolved),
                 in(LetterState::dropped)}));
}

std::optional<Error> stored_error(const std::optional<std::string>& error, std::string message) {
  if (!error || error->empty()) return std::nullopt;
  // A class that a newer version knows is none that this one could react to.
  return Error{errc_from(*error).value_or(Errc::handler_failed), std::move(message)};
}

/// Messages may quote anything; a list does not carry more of them than this. Cut between characters.
std::string_view stored_part(std::string_view message) {
  constexpr std::size_t message_bytes_max = 16'384;
  if (message.size() <= message_bytes_max) return message;
  std::size_t end = message_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0U) == 0x80U) --end;
  return message.substr(0, end);
}

struct LastLetter {
  std::uint64_t id = 0;
  std::int64_t parked_at = 0;
};

Result<LastLetter> last_letter(SqlReader& reader) {
  auto row = reader.first<std::uint64_t, std::int64_t>(
      "SELECT id, parked_at FROM (SELECT id, parked_at FROM dead_letter ORDER BY id DESC LIMIT 1) "
      "UNION ALL SELECT id, parked_at FROM dead_letter_deleted ORDER BY id DESC LIMIT 1",
      {});
  if (!row) return std::move(row).error();
  if (!*row) return LastLetter{};
  return LastLetter{std::get<0>(**row), std::get<1>(**row)};
}

}  // namespace

std::int64_t to_sql(Timestamp time) noexcept { return time.time_since_epoch().count(); }

Timestamp timestamp_from(std::int64_t micros) noexcept { return Timestamp{std::chrono::microseconds{micros}}; }

Result<LetterState> state_from(std::int64_t stored) {
  for (const LetterState state : letter_states) {
    if (static_cast<std::int64_t>(state) == stored) return state;
  }
  return Error{Errc::corrupt, fmt::format("{} is no state of a dead letter", stored)};
}

Result<std::optional<std::uint32_t>> find_queue(SqlReader& reader, std::string_view name) {
  return reader.first<std::uint32_t>("SELECT number FROM dead_letter_queue WHERE name = $1", {name});
}

Result<std::uint32_t> queue_number(Unit& unit, std::string_view name) {
  auto known = find_queue(unit, name);
  if (!known) return std::move(known).error();
  if (*known) return **known;
  auto added = unit.first<std::uint32_t>("INSERT INTO dead_letter_queue (name) VALUES ($1) RETURNING number", {name});
  if (!added) return std::move(added).error();
  return **added;
}

Result<std::uint64_t> cause_number(Unit& unit, std::uint32_t queue, const std::optional<Error>& why) {
  const std::string_view error = why ? to_string(why->code()) : std::string_view{};
  std::string text = why ? cause_of(why->message()) : "waits behind an older letter of its key";
  for (;;) {
    auto known = unit.first<std::uint64_t>(
        "SELECT number FROM dead_letter_cause WHERE queue = $1 AND error = $2 AND text = $3", {queue, error, text});
    if (!known) return std::move(known).error();
    if (*known) return **known;
    auto causes = unit.first<std::uint32_t>(
        "SELECT count(*) FROM dead_letter_cause WHERE queue = $1 AND text <> '' "
        "AND parked + retrying + resolved + dropped > 0",
        {queue});
    if (!causes) return std::move(causes).error();
    if (text.empty() || **causes < causes_of_queue_max) break;
    text.clear();
  }
  auto added = unit.first<std::uint64_t>(
      "INSERT INTO dead_letter_cause (queue, error, text) VALUES ($1, $2, $3) RETURNING number", {queue, error, text});
  if (!added) return std::move(added).error();
  return **added;
}

namespace {

template <class OnHead>
Result<void> each_head(SqlReader& reader, std::string_view sql, std::initializer_list<SqlValue> args, OnHead&& take) {
  Result<void> outcome;
  auto read = reader.each(sql, args, [&](const Row& row) {
    auto state = state_from(row.integer(5));
    if (!state) {
      outcome = std::move(state).error();
      return;
    }
    take(LetterHead{.id = {row.get<std::uint64_t>(0)},
                    .queue = row.get<std::uint32_t>(1),
                    .queue_name = row.get<std::string>(2),
                    .key = row.get<std::string>(3),
                    .cause = row.get<std::uint64_t>(4),
                    .state = *state,
                    .attempts = row.get<std::uint32_t>(6)});
  });
  if (!read) return read;
  return outcome;
}

}  // namespace

Result<LetterHead> read_head(SqlReader& reader, LetterId id) {
  std::optional<LetterHead> head;
  auto read = each_head(reader,
                        "SELECT l.id, l.queue, q.name, l.key, l.cause, l.state, l.attempts FROM dead_letter l "
                        "JOIN dead_letter_queue q ON q.number = l.queue WHERE l.id = $1",
                        {id.value}, [&](LetterHead found) { head = std::move(found); });
  if (!read) return std::move(read).error();
  if (!head) return no_letter(id);
  return std::move(*head);
}

Result<std::optional<LetterHead>> find_item(SqlReader& reader, std::uint32_t queue, const Uuid& item) {
  std::optional<LetterHead> head;
  auto read = each_head(reader,
                        "SELECT l.id, l.queue, q.name, l.key, l.cause, l.state, l.attempts FROM dead_letter l "
                        "JOIN dead_letter_queue q ON q.number = l.queue WHERE l.queue = $1 AND l.item = $2",
                        {queue, BytesView{item.bytes()}}, [&](LetterHead found) { head = std::move(found); });
  if (!read) return std::move(read).error();
  return head;
}

Result<std::optional<LetterId>> oldest_open(SqlReader& reader, std::uint32_t queue, std::string_view key,
                                            std::optional<LetterId> before) {
  std::optional<LetterId> oldest = before;
  bool found = false;
  for (const LetterState state : {LetterState::parked, LetterState::retrying}) {
    auto row = reader.first<std::uint64_t>(
        "SELECT id FROM dead_letter WHERE queue = $1 AND key = $2 AND key <> '' AND state = $3 ORDER BY id LIMIT 1",
        {queue, key, static_cast<int>(state)});
    if (!row) return std::move(row).error();
    if (!*row || (oldest && LetterId{**row} >= *oldest)) continue;
    oldest = LetterId{**row};
    found = true;
  }
  return found ? oldest : std::nullopt;
}

Result<LetterSummary> read_summary(SqlReader& reader, LetterId id) {
  std::optional<LetterSummary> letter;
  Result<void> outcome;
  auto read = reader.each(
      "SELECT q.name, l.key, l.source, l.item, l.type, l.schema_version, l.content_type, l.state, c.error, l.message, "
      "l.cause, l.attempts, l.parked_at, l.changed_at, l.due_at, l.payload_bytes FROM dead_letter l "
      "JOIN dead_letter_queue q ON q.number = l.queue JOIN dead_letter_cause c ON c.number = l.cause WHERE l.id = $1",
      {id.value}, [&](const Row& row) {
        auto state = state_from(row.integer(7));
        const auto content_type = content_type_from(row.get<std::uint8_t>(6));
        const BytesView item = row.blob(3);
        if (!state || !content_type || item.size() != Uuid::size) {
          outcome = unreadable(id, "its state, content type or item is none");
          return;
        }
        std::array<std::byte, Uuid::size> item_bytes{};
        std::ranges::copy(item, item_bytes.begin());
        letter = LetterSummary{.id = id,
                               .queue = row.get<std::string>(0),
                               .key = row.get<std::string>(1),
                               .source = row.get<std::string>(2),
                               .item = Uuid{item_bytes},
                               .type = row.get<std::string>(4),
                               .schema_version = row.get<std::uint32_t>(5),
                               .content_type = *content_type,
                               .state = *state,
                               .error = stored_error(row.get<std::string>(8), row.get<std::string>(9)),
                               .cause = row.get<std::uint64_t>(10),
                               .attempts = row.get<std::uint32_t>(11),
                               .parked_at = timestamp_from(row.integer(12)),
                               .changed_at = timestamp_from(row.integer(13)),
                               .payload_bytes = row.get<std::uint64_t>(15)};
        if (!row.is_null(14)) letter->due_at = timestamp_from(row.integer(14));
      });
  if (!read) return std::move(read).error();
  if (!outcome) return std::move(outcome).error();
  if (!letter) return no_letter(id);
  return std::move(*letter);
}

Result<DeadLetter> read_letter(SqlReader& reader, LetterId id) {
  auto summary = read_summary(reader, id);
  if (!summary) return std::move(summary).error();
  DeadLetter letter{std::move(*summary)};
  auto content = reader.first<Bytes, std::string, std::optional<Bytes>>(
      "SELECT payload, metadata, original FROM dead_letter_content WHERE letter = $1", {id.value});
  if (!content) return std::move(content).error();
  if (!*content) return unreadable(id, "its contents are missing");
  auto metadata = metadata_from(std::get<1>(**content));
  if (!metadata) return unreadable(id, metadata.error().message());
  letter.payload = std::move(std::get<0>(**content));
  letter.metadata = std::move(*metadata);
  letter.original = std::move(std::get<2>(**content));
  auto event = reader.first<std::string, std::uint64_t, std::uint64_t, std::int64_t>(
      "SELECT stream, revision, position, recorded_at FROM dead_letter_event WHERE letter = $1", {id.value});
  if (!event) return std::move(event).error();
  if (*event) {
    auto& [stream, revision, position, recorded_at] = **event;
    letter.event = EventPlace{.stream = std::move(stream),
                              .revision = Revision{revision},
                              .position = GlobalPosition{position},
                              .recorded_at = timestamp_from(recorded_at)};
  }
  auto attempts = reader.each(
      "SELECT started_at, took, worker, error, message FROM dead_letter_attempt WHERE letter = $1 ORDER BY number",
      {id.value}, [&](const Row& row) {
        if (row.is_null(1)) return;  // under way
        letter.history.push_back(
            {.started_at = timestamp_from(row.integer(0)),
             .took = std::chrono::microseconds{row.integer(1)},
             .worker = row.get<std::string>(2),
             .error = stored_error(row.get<std::optional<std::string>>(3), row.get<std::string>(4))});
      });
  if (!attempts) return std::move(attempts).error();
  auto notes = reader.each("SELECT written_at, author, text FROM dead_letter_note WHERE letter = $1 ORDER BY number",
                           {id.value}, [&](const Row& row) {
                             letter.notes.push_back({.written_at = timestamp_from(row.integer(0)),
                                                     .author = row.get<std::string>(1),
                                                     .text = row.get<std::string>(2)});
                           });
  if (!notes) return std::move(notes).error();
  return letter;
}

Result<void> change(Unit& unit, LetterHead& head, const LetterChange& change) {
  std::uint64_t cause = head.cause;
  std::optional<std::string_view> message;
  if (change.error) {
    auto number = cause_number(unit, head.queue, change.error);
    if (!number) return std::move(number).error();
    cause = *number;
    message = stored_part(change.error->message());
  }
  std::optional<std::int64_t> due_at;
  if (change.due_at) due_at = to_sql(*change.due_at);
  auto changed = unit.exec(
      "UPDATE dead_letter SET state = $2, cause = $3, message = coalesce($4, message), changed_at = $5, due_at = $6, "
      "attempts = $7 WHERE id = $1",
      {head.id.value, static_cast<int>(change.state), cause, message, to_sql(change.now), due_at, head.attempts});
  if (!changed) return std::move(changed).error();
  if (cause == head.cause && change.state == head.state) return {};
  if (auto counted = count(unit, head.cause, head.state, -1); !counted) return counted;
  if (auto counted = count(unit, cause, change.state, 1); !counted) return counted;
  head.cause = cause;
  head.state = change.state;
  return {};
}

Result<LetterHead> insert(Unit& unit, const NewDeadLetter& letter, const LetterPlace& place) {
  auto queue = queue_number(unit, letter.queue);
  if (!queue) return std::move(queue).error();
  auto cause = cause_number(unit, *queue, place.error);
  if (!cause) return std::move(cause).error();
  auto last = last_letter(unit);
  if (!last) return std::move(last).error();
  LetterHead head{.id = {last->id + 1},
                  .queue = *queue,
                  .queue_name = letter.queue,
                  .key = letter.key,
                  .cause = *cause,
                  .state = place.state};
  std::optional<std::int64_t> due;
  if (place.due_at) due = to_sql(*place.due_at);
  auto stored = done(unit.exec(
      "INSERT INTO dead_letter (id, queue, item, key, cause, state, parked_at, changed_at, due_at, attempts, source, "
      "type, schema_version, content_type, payload_bytes, message) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
      {head.id.value, *queue, BytesView{letter.item.bytes()}, letter.key, *cause, static_cast<int>(place.state),
       // A clock that was set back does not make the order of ids and of times differ.
       std::max(to_sql(place.parked_at), last->parked_at), to_sql(place.changed_at), due, letter.attempts.size(),
       letter.source, letter.type, letter.schema_version, static_cast<int>(letter.content_type), letter.payload.size(),
       place.error ? stored_part(place.error->message()) : std::string_view{}}));
  if (!stored) return std::move(stored).error();
  stored = done(unit.exec("INSERT INTO dead_letter_content (letter, payload, metadata) VALUES ($1, $2, $3)",
                          {head.id.value, letter.payload, to_json(letter.metadata)}));
  if (!stored) return std::move(stored).error();
  if (const auto& event = letter.event) {
    stored = done(unit.exec(
        "INSERT INTO dead_letter_event (letter, stream, revision, position, recorded_at) "
        "VALUES ($1, $2, $3, $4, $5)",
        {head.id.value, event->stream, event->revision.value, event->position.value, to_sql(event->recorded_at)}));
    if (!stored) return std::move(stored).error();
  }
  for (const LetterAttempt& attempt : letter.attempts) {
    if (auto added = add_attempt(unit, head, attempt); !added) return std::move(added).error();
  }
  if (auto counted = count(unit, *cause, place.state, 1); !counted) return std::move(counted).error();
  return head;
}

namespace {

Result<void> store_attempt(Unit& unit, LetterHead& head, const LetterAttempt& attempt,
                           std::optional<std::int64_t> took) {
  std::optional<std::string_view> error;
  std::optional<std::string_view> message;
  if (attempt.error) {
    error = to_string(attempt.error->code());
    message = stored_part(attempt.error->message());
  }
  ++head.attempts;
  auto added =
      done(unit.exec("INSERT INTO dead_letter_attempt (letter, number, started_at, took, worker, error, message) "
                     "VALUES ($1, $2, $3, $4, $5, $6, $7)",
                     {head.id.value, head.attempts, to_sql(attempt.started_at), took, attempt.worker, error, message}));
  if (!added || head.attempts <= attempts_kept) return added;
  return done(unit.exec("DELETE FROM dead_letter_attempt WHERE letter = $1 AND number = $2",
                        {head.id.value, head.attempts - attempts_kept + 1}));
}

}  // namespace

Result<void> add_attempt(Unit& unit, LetterHead& head, const LetterAttempt& attempt) {
  return store_attempt(unit, head, attempt, attempt.took.count());
}

Result<void> begin_attempt(Unit& unit, LetterHead& head, Timestamp started_at, std::string_view worker) {
  return store_attempt(unit, head, {.started_at = started_at, .worker = std::string{worker}}, std::nullopt);
}

Result<void> end_attempt(Unit& unit, LetterId id, std::uint32_t number, std::chrono::microseconds took,
                         const std::optional<Error>& error) {
  std::optional<std::string_view> name;
  std::optional<std::string_view> message;
  if (error) {
    name = to_string(error->code());
    message = stored_part(error->message());
  }
  return done(
      unit.exec("UPDATE dead_letter_attempt SET took = $3, error = $4, message = $5 WHERE letter = $1 AND number = $2",
                {id.value, number, took.count(), name, message}));
}

Result<std::optional<std::uint32_t>> attempt_under_way(SqlReader& reader, LetterId id) {
  return reader.first<std::uint32_t>(
      "SELECT number FROM dead_letter_attempt WHERE letter = $1 AND took IS NULL ORDER BY number DESC LIMIT 1",
      {id.value});
}

Result<void> add_note(Unit& unit, LetterId id, const LetterNote& note) {
  return done(
      unit.exec("INSERT INTO dead_letter_note (letter, number, written_at, author, text) SELECT $1, "
                "coalesce((SELECT max(number) FROM dead_letter_note WHERE letter = $1), 0) + 1, $2, $3, $4",
                {id.value, to_sql(note.written_at), note.author, note.text}));
}

Result<void> remove(Unit& unit, const LetterHead& head) {
  auto noted = unit.exec(
      "INSERT OR REPLACE INTO dead_letter_deleted (one, id, parked_at) SELECT 1, id, parked_at FROM dead_letter "
      "WHERE id = $1 AND id = (SELECT max(id) FROM dead_letter) "
      "AND NOT EXISTS (SELECT 1 FROM dead_letter_deleted WHERE id > $1)",
      {head.id.value});
  if (!noted) return std::move(noted).error();
  for (const std::string_view sql :
       {"DELETE FROM dead_letter_content WHERE letter = $1", "DELETE FROM dead_letter_event WHERE letter = $1",
        "DELETE FROM dead_letter_attempt WHERE letter = $1", "DELETE FROM dead_letter_note WHERE letter = $1",
        "DELETE FROM dead_letter WHERE id = $1"}) {
    if (auto removed = unit.exec(sql, {head.id.value}); !removed) return std::move(removed).error();
  }
  return count(unit, head.cause, head.state, -1);
}

}  // namespace cairn::letters
