#include <cairn/cqrs/command_outcomes.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include <cairn/core/sql/database.hpp>

#include "command_schema_sql.hpp"

namespace cairn {
namespace {

using std::chrono::milliseconds;

enum class Kind : std::uint8_t { events = 1, nothing = 2, rejected = 3 };

/// Of every so many commands one takes as many old ones with it.
constexpr std::uint64_t prune_every = 64;
constexpr std::uint64_t prune_slice = 128;
constexpr std::uint64_t background_slice = 1'000;

BytesView bytes_of(const Uuid& id) { return id.bytes(); }

std::int64_t milliseconds_of(Timestamp time) {
  return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

/// Below every id made at `time` or later, above every one made before.
Uuid first_id_at(std::int64_t time) {
  std::array<std::byte, Uuid::size> bytes{};
  for (std::size_t i = 0; i < 6; ++i) bytes.at(i) = static_cast<std::byte>(time >> (8 * (5 - i)));
  return Uuid{bytes};
}

Error too_old(const Uuid& id, std::int64_t age_ms, std::string_view limit) {
  return Error{Errc::invalid, fmt::format("command {}: made {} ms ago, {}; whether it was done is not known any more",
                                          id.to_string(), age_ms, limit)}
      .with("age_ms", static_cast<std::uint64_t>(age_ms));
}

Result<Rejection> read_rejection(SqlReader& reader, const Uuid& id, std::string code) {
  std::vector<RejectionDetail> details;
  auto done = reader.each("SELECT name, whole, real, words FROM command_rejection_detail WHERE id = $1 ORDER BY place",
                          {bytes_of(id)}, [&details](const Row& row) {
                            if (!row.is_null(1)) {
                              details.emplace_back(row.text(0), row.integer(1));
                            } else if (!row.is_null(2)) {
                              details.emplace_back(row.text(0), row.real(2));
                            } else {
                              details.emplace_back(row.text(0), row.text(3));
                            }
                          });
  if (!done) return std::move(done).error();
  return Rejection{std::move(code), std::move(details)};
}

Result<void> write_details(Unit& unit, const Uuid& id, const Rejection& rejection) {
  std::int64_t place = 0;
  for (const RejectionDetail& detail : rejection.details()) {
    SqlValue whole;
    SqlValue real;
    SqlValue words;
    std::visit(
        [&]<class T>(const T& value) {
          if constexpr (std::is_same_v<T, std::int64_t>) whole = SqlValue{value};
          if constexpr (std::is_same_v<T, double>) real = SqlValue{value};
          if constexpr (std::is_same_v<T, std::string>) words = SqlValue{value};
        },
        detail.value);
    auto done = unit.exec(
        "INSERT INTO command_rejection_detail (id, place, name, whole, real, words) VALUES ($1, $2, $3, $4, $5, $6)",
        {bytes_of(id), place++, detail.name, whole, real, words});
    if (!done) return std::move(done).error();
  }
  return {};
}

}  // namespace

CommandOutcomes::CommandOutcomes(Database& database, const CommandOutcomesOptions& options, const Clock* clock)
    : database_{database}, options_{options}, clock_{clock != nullptr ? *clock : system_clock_} {}

Result<std::unique_ptr<CommandOutcomes>> CommandOutcomes::open(Database& database,
                                                               const CommandOutcomesOptions& options,
                                                               const Clock* clock) {
  if (auto migrated = database.migrate("cqrs", cqrs::schema::migrations); !migrated) return std::move(migrated).error();
  return std::unique_ptr<CommandOutcomes>{new CommandOutcomes{database, options, clock}};
}

Timestamp CommandOutcomes::oldest() const { return clock_.now() - options_.command_id_ttl; }

Result<void> CommandOutcomes::admit(const Uuid& command_id) const {
  const auto made = command_id.created_at();
  if (!made) {
    return Error{Errc::invalid,
                 fmt::format("command {}: its id is no UUIDv7, which says when it was made", command_id.to_string())};
  }
  if (*made >= oldest()) return {};
  return too_old(command_id, milliseconds_of(clock_.now()) - milliseconds_of(*made),
                 fmt::format("repeats are known for {} ms", options_.command_id_ttl.count()));
}

Result<std::optional<CommandOutcome>> CommandOutcomes::find(SqlReader& reader, const Uuid& command_id,
                                                            const Uuid& fingerprint) const {
  auto row = reader.first<Bytes, std::int64_t, std::optional<std::uint64_t>, std::uint64_t, std::uint64_t, std::string>(
      "SELECT fingerprint, kind, revision, position, events, code FROM command_outcome WHERE id = $1",
      {bytes_of(command_id)});
  if (!row) return std::move(row).error();
  if (!*row) {
    auto horizon = reader.first<std::int64_t>("SELECT before FROM command_horizon", {});
    if (!horizon) return std::move(horizon).error();
    const std::int64_t made = milliseconds_of(command_id.created_at().value_or(Timestamp{}));
    if (made >= horizon->value_or(0)) return std::optional<CommandOutcome>{};
    return too_old(command_id, std::max<std::int64_t>(0, milliseconds_of(clock_.now()) - made),
                   "and older ones were removed already");
  }
  auto& [stored_fingerprint, kind, revision, position, events, code] = **row;
  if (!std::ranges::equal(stored_fingerprint, bytes_of(fingerprint))) {
    return Error{Errc::invalid,
                 fmt::format("command {}: another command was done under this id", command_id.to_string())};
  }
  CommandOutcome outcome{.handled = {.position = {position}, .events = events, .repeated = true}};
  if (revision) outcome.handled.revision = Revision{*revision};
  if (kind == static_cast<std::int64_t>(Kind::rejected)) {
    auto rejection = read_rejection(reader, command_id, std::move(code));
    if (!rejection) return std::move(rejection).error();
    outcome.rejection = *std::move(rejection);
  }
  return std::optional{std::move(outcome)};
}

Result<std::optional<CommandOutcome>> CommandOutcomes::find(const Uuid& command_id, const Uuid& fingerprint) const {
  auto transaction = database_.read();
  if (!transaction) return std::move(transaction).error();
  return find(*transaction, command_id, fingerprint);
}

Result<void> CommandOutcomes::record(Unit& unit, const Uuid& command_id, const Uuid& fingerprint,
                                     const CommandOutcome& outcome) {
  const Handled& handled = outcome.handled;
  const Kind kind = outcome.rejection ? Kind::rejected : handled.nothing_happened() ? Kind::nothing : Kind::events;
  const auto revision = handled.revision ? std::optional{handled.revision->value} : std::nullopt;
  const auto code = outcome.rejection ? std::optional{outcome.rejection->code()} : std::nullopt;
  auto stored = unit.exec(
      "INSERT INTO command_outcome (id, fingerprint, kind, revision, position, events, code) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {bytes_of(command_id), bytes_of(fingerprint), static_cast<std::int64_t>(kind), revision, handled.position.value,
       handled.events, code});
  if (!stored) return std::move(stored).error();
  if (outcome.rejection) {
    if (auto written = write_details(unit, command_id, *outcome.rejection); !written) return written;
  }
  if (recorded_.fetch_add(1, std::memory_order_relaxed) % prune_every != prune_every - 1) return {};
  auto pruned = prune(unit, prune_slice);
  if (!pruned) return std::move(pruned).error();
  return {};
}

Result<std::uint64_t> CommandOutcomes::prune() {
  std::uint64_t removed = 0;
  for (;;) {
    auto slice = database_.write_background([this](Unit& unit) { return prune(unit, background_slice); });
    if (!slice) return std::move(slice).error();
    removed += *slice;
    if (*slice < background_slice) return removed;
  }
}

Result<std::uint64_t> CommandOutcomes::prune(Unit& unit, std::uint64_t commands_max) {
  const std::int64_t before = milliseconds_of(oldest());
  const Uuid end = first_id_at(before);
  std::vector<Bytes> ids;
  auto listed = unit.each("SELECT id FROM command_outcome WHERE id < $1 ORDER BY id LIMIT $2",
                          {bytes_of(end), commands_max}, [&ids](const Row& row) { ids.push_back(row.get<Bytes>(0)); });
  if (!listed) return std::move(listed).error();
  if (ids.empty()) return 0;
  const Bytes& last = ids.back();
  auto moved = unit.exec("UPDATE command_horizon SET before = $1 WHERE before < $1", {before});
  if (!moved) return std::move(moved).error();
  auto details = unit.exec("DELETE FROM command_rejection_detail WHERE id <= $1", {last});
  if (!details) return std::move(details).error();
  auto outcomes = unit.exec("DELETE FROM command_outcome WHERE id <= $1", {last});
  if (!outcomes) return std::move(outcomes).error();
  return ids.size();
}

Uuid CommandOutcomes::fingerprint(std::string_view target, std::string_view type, BytesView data) {
  // Made once for this purpose; a part of what is stored.
  static const Uuid space = Uuid::from_name(Uuid::nil(), "cairn command fingerprint");
  std::string text;
  text.reserve(target.size() + type.size() + data.size() + 2);
  text.append(target).append(1, '\0').append(type).append(1, '\0').append(as_text(data));
  return Uuid::from_name(space, text);
}

}  // namespace cairn
