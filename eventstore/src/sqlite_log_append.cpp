#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "condition.hpp"
#include "frame.hpp"
#include "index_key.hpp"
#include "index_tables.hpp"
#include "log_fetch.hpp"
#include "retention_table.hpp"
#include "sqlite_log.hpp"
#include "step_buffer.hpp"
#include "stream_positions.hpp"

namespace cairn::log {

namespace {

Error partly_stored(const EncodedStream& stream, const StreamHead& head, std::size_t stored) {
  Error error{Errc::conflict, fmt::format("append {}: {} of the {} event ids of the batch are stored already",
                                          stream.name, stored, stream.events.size())};
  return head.exists() ? std::move(error).with("actual_revision", head.next_revision - 1) : error;
}

Error deleted_for_ever(const EncodedStream& stream) {
  return Error{Errc::stream_deleted, fmt::format("append {}: the stream was deleted for ever", stream.name)};
}

Appended repeated_at(std::uint64_t first_revision, std::span<const std::uint64_t> positions) {
  return {.first_revision = {first_revision},
          .last_revision = {first_revision + positions.size() - 1},
          .first_position = {positions.front()},
          .last_position = {positions.back()},
          .repeated = true};
}

/// True when the expectation pins the place of the batch, so that a repeat is found there for ever.
bool pins_revision(ExpectedRevision expected) noexcept {
  return expected.kind() == ExpectedRevision::Kind::no_stream || expected.kind() == ExpectedRevision::Kind::exactly;
}

}  // namespace

Error SqliteLog::conflict(std::string_view call, std::string_view stream, ExpectedRevision expected,
                          const StreamHead& head) {
  if (!head.exists()) {
    return Error{Errc::conflict,
                 fmt::format("{} {}: expected {}, but the stream does not exist", call, stream, expected.to_string())};
  }
  const std::uint64_t actual = head.next_revision - 1;
  return Error{Errc::conflict,
               fmt::format("{} {}: expected {}, actual revision {}", call, stream, expected.to_string(), actual)}
      .with("actual_revision", actual);
}

/// Where one stream of an append goes: to the end of `head`, or nowhere because it is stored already.
struct SqliteLog::Target {
  StreamHead* head = nullptr;
  std::optional<Appended> repeated;
};

/// What the id window (or the index of all ids) remembers of a batch.
struct SqliteLog::Recalled {
  std::size_t events = 0;  ///< of the batch, that it knows
  std::optional<Appended> whole{};
};

Result<std::vector<Appended>> SqliteLog::append(Unit& unit, const EncodedAppend& append,
                                                const AppendCondition* condition) {
  std::vector<Target> targets;
  targets.reserve(append.streams().size());
  std::size_t repeated = 0;
  for (const EncodedStream& stream : append.streams()) {
    auto target = choose_target(unit, stream);
    if (!target) return std::move(target).error();
    if (target->repeated) ++repeated;
    targets.push_back(*target);
  }
  std::vector<Appended> landed;
  landed.reserve(targets.size());
  if (repeated == targets.size()) {
    for (const Target& target : targets) landed.push_back(*target.repeated);
    return landed;
  }
  if (repeated > 0) {
    return Error{Errc::conflict, fmt::format("append {}: {} of the {} streams of the batch are stored already",
                                             append.streams().front().name, repeated, targets.size())};
  }
  if (condition != nullptr) {
    if (auto holds = check_condition(unit, *condition); !holds) return std::move(holds).error();
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    auto placed = place(unit, append, append.streams()[i], *targets[i].head);
    if (!placed) return std::move(placed).error();
    landed.push_back(*placed);
  }
  return landed;
}

Result<SqliteLog::Target> SqliteLog::choose_target(Unit& unit, const EncodedStream& stream) {
  auto head = head_of(unit, stream.name);
  if (!head) return std::move(head).error();
  StreamHead& at = **head;
  const bool holds = at.meets(stream.expected) && !at.tombstone;
  const auto refuse = [&] {
    return at.tombstone ? deleted_for_ever(stream) : conflict("append", stream.name, stream.expected, at);
  };

  if (pins_revision(stream.expected)) {
    if (holds) return Target{&at, std::nullopt};
    const bool from_start = stream.expected.kind() == ExpectedRevision::Kind::no_stream;
    auto stored = stored_at(unit, at, from_start ? at.deleted_before : stream.expected.revision().value + 1, stream);
    if (!stored) return std::move(stored).error();
    if (*stored) return Target{&at, *stored};
    return refuse();
  }
  auto stored = remembered(unit, stream);
  if (!stored) return std::move(stored).error();
  if (*stored) return Target{&at, *stored};
  if (!holds) return refuse();
  return Target{&at, std::nullopt};
}

/// The batch as it stands in the stream from `first_revision` on; nothing when other events, or none, stand there.
Result<std::optional<Appended>> SqliteLog::stored_at(Unit& unit, const StreamHead& head, std::uint64_t first_revision,
                                                     const EncodedStream& stream) {
  if (first_revision >= head.next_revision || head.next_revision - first_revision < stream.events.size()) {
    return std::optional<Appended>{};
  }
  auto retention = read_retention(unit, head.number);
  if (!retention) return std::move(retention).error();
  if (*retention && first_revision < (*retention)->removed_before) {
    // The stream's index may have let go of it, and the log as well; if not, the ids know.
    auto recalled = recall(unit, stream);
    if (!recalled) return std::move(recalled).error();
    const bool there = recalled->whole && recalled->whole->first_revision.value == first_revision;
    return there ? recalled->whole : std::nullopt;
  }
  const std::uint64_t last_revision = first_revision + stream.events.size() - 1;
  const LogSnapshot snapshot = unit_snapshot();
  const StreamIndex index{unit, snapshot, pending_, &group_, head.number};
  auto positions = stream_positions(index, first_revision, last_revision, stream.events.size());
  if (!positions) return std::move(positions).error();
  if (positions->size() < stream.events.size()) {
    return Error{Errc::corrupt,
                 fmt::format("stream {}: the index ends before revision {}", stream.name, last_revision)};
  }
  positions->resize(stream.events.size());
  StepBuffer buffer;
  LogFetch fetch{unit, snapshot, buffer};
  for (std::size_t i = 0; i < positions->size(); ++i) {
    auto frame = fetch.kept_frame((*positions)[i]);
    if (!frame) return std::move(frame).error();
    if (frame->stream_name != stream.name || frame->revision != first_revision + i) {
      return Error{Errc::corrupt,
                   fmt::format("stream {}: the index has position {} for revision {}, which holds {} revision {}",
                               stream.name, (*positions)[i], first_revision + i, frame->stream_name, frame->revision)};
    }
    if (frame->id != stream.events[i].id) return std::optional<Appended>{};
  }
  return std::optional{repeated_at(first_revision, *positions)};
}

Result<SqliteLog::Recalled> SqliteLog::recall(Unit& unit, const EncodedStream& stream) {
  std::vector<std::uint64_t> positions;
  for (const EncodedEvent& event : stream.events) {
    auto position = position_of(unit, event.id);
    if (!position) return std::move(position).error();
    if (*position) positions.push_back(**position);
  }
  Recalled recalled{.events = positions.size()};
  if (positions.size() < stream.events.size()) return recalled;
  auto first_revision = consecutive_at(unit, positions, stream.name);
  if (!first_revision) return std::move(first_revision).error();
  if (*first_revision) recalled.whole = repeated_at(**first_revision, positions);
  return recalled;
}

/// The batch where it is remembered. Errors: conflict when a part of it is stored.
Result<std::optional<Appended>> SqliteLog::remembered(Unit& unit, const EncodedStream& stream) {
  auto recalled = recall(unit, stream);
  if (!recalled) return std::move(recalled).error();
  if (recalled->events == 0 || recalled->whole) return recalled->whole;
  auto head = head_of(unit, stream.name);
  if (!head) return std::move(head).error();
  return partly_stored(stream, **head, recalled->events);
}

/// The revision of the event at the first of `positions`, if they hold a run of `stream`'s events. By the log and not
/// by the stream's index, which may have let go of what the stream does not keep.
Result<std::optional<std::uint64_t>> SqliteLog::consecutive_at(Unit& unit, std::span<const std::uint64_t> positions,
                                                               std::string_view stream) {
  const LogSnapshot snapshot = unit_snapshot();
  StepBuffer buffer;
  LogFetch fetch{unit, snapshot, buffer};
  std::optional<std::uint64_t> first;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    auto frame = fetch.frame(positions[i]);
    if (!frame) return std::move(frame).error();
    if (!*frame) return std::optional<std::uint64_t>{};
    if (!first) first = (*frame)->revision;
    if ((*frame)->stream_name != stream || (*frame)->revision != *first + i) return std::optional<std::uint64_t>{};
  }
  return first;
}

Result<std::optional<std::uint64_t>> SqliteLog::position_of(SqlReader& reader, const Uuid& id) {
  if (ids_missing_through_ > 0) {
    if (auto loaded = load_older_ids(reader, std::numeric_limits<std::size_t>::max()); !loaded) {
      return std::move(loaded).error();
    }
  }
  const auto position = ids_.position_of(id);
  if (position || !options_.index_all_ids) return position;
  return reader.first<std::uint64_t>("SELECT position FROM event_id WHERE id = $1", {BytesView{id.bytes()}});
}

Result<std::vector<std::optional<GlobalPosition>>> SqliteLog::resolve(SqlReader& reader, std::span<const Uuid> ids) {
  std::vector<std::optional<GlobalPosition>> found;
  found.reserve(ids.size());
  for (const Uuid& id : ids) {
    auto position = position_of(reader, id);
    if (!position) return std::move(position).error();
    found.push_back(*position ? std::optional{GlobalPosition{**position}} : std::nullopt);
  }
  return found;
}

Result<void> SqliteLog::index_ids(Unit& unit, std::uint64_t after, std::uint64_t through) {
  const LogSnapshot committed = unit_snapshot();
  StepBuffer buffer;
  LogFetch fetch{unit, committed, buffer};
  for (std::uint64_t position = after + 1; position <= through; ++position) {
    auto frame = fetch.frame(position);
    if (!frame) return std::move(frame).error();
    if (!*frame) continue;
    auto indexed = unit.exec("INSERT OR IGNORE INTO event_id (id, position) VALUES ($1, $2)",
                             {BytesView{(*frame)->id.bytes()}, position});
    if (!indexed) return std::move(indexed).error();
  }
  return {};
}

Result<StreamHead*> SqliteLog::head_of(SqlReader& reader, std::string_view stream) {
  if (StreamHead* known = heads_.find(stream)) return known;
  auto row = reader.first<std::uint32_t, std::uint32_t, std::uint64_t, int>(
      "SELECT number, category, coalesce(deleted_before, 0), coalesce(tombstone, 0) FROM stream LEFT JOIN "
      "stream_retention ON stream_retention.stream = number WHERE name = $1",
      {stream});
  if (!row) return std::move(row).error();
  std::uint64_t next_revision = 0;
  if (*row) {
    const std::uint32_t number = std::get<0>(**row);
    std::optional<std::uint64_t> last = pending_.last_revision(number);
    if (!last) {
      auto indexed = last_indexed_revision(reader, number);
      if (!indexed) return std::move(indexed).error();
      last = *indexed;
    }
    if (!last) return Error{Errc::corrupt, fmt::format("stream {}: no index entry for stream {}", stream, number)};
    next_revision = *last + 1;
  }
  StreamHead& head = heads_.insert(stream);
  if (*row) {
    std::tie(head.number, head.category, head.deleted_before, std::ignore) = **row;
    head.tombstone = std::get<3>(**row) != 0;
  }
  head.next_revision = next_revision;
  return &head;
}

Result<void> SqliteLog::create_stream(Unit& unit, StreamHead& head) {
  const std::string_view category = StreamId::category_of(head.name);
  std::uint32_t category_number = categories_->number_of(category);
  if (category_number == 0) {
    category_number = categories_->add(category);
    auto added = unit.exec("INSERT INTO category (number, name) VALUES ($1, $2)", {category_number, category});
    if (!added) return std::move(added).error();
  }
  auto added = unit.exec("INSERT INTO stream (number, name, category) VALUES ($1, $2, $3)",
                         {next_stream_, head.name, category_number});
  if (!added) return std::move(added).error();
  head.number = next_stream_++;
  head.category = category_number;
  return {};
}

Result<std::uint32_t> SqliteLog::type_number(Unit& unit, std::string_view type) {
  if (const std::uint32_t known = types_->number_of(type); known != 0) return known;
  const std::uint32_t number = types_->add(type);
  auto added = unit.exec("INSERT INTO event_type (number, name) VALUES ($1, $2)", {number, type});
  if (!added) return std::move(added).error();
  return number;
}

Result<void> SqliteLog::note_schema(Unit& unit, std::uint32_t type, std::uint32_t version, std::uint64_t position) {
  const std::uint64_t key = OpenGroup::schema_key(type, version);
  if (schemas_.contains(key)) return {};
  group_.schemas.push_back(key);  // first, so that it is undone if there is no memory for the rest
  schemas_.insert(key);
  auto added = unit.exec("INSERT OR IGNORE INTO event_schema (type, version, first_position) VALUES ($1, $2, $3)",
                         {type, version, position});
  if (!added) return std::move(added).error();
  return {};
}

Result<Appended> SqliteLog::place(Unit& unit, const EncodedAppend& append, const EncodedStream& stream,
                                  StreamHead& head) {
  group_.remember(head);
  if (head.number == 0) {
    if (auto created = create_stream(unit, head); !created) return std::move(created).error();
  }
  // The log's own time never goes back, whatever the clock does.
  const Timestamp now = clock_.now();
  last_recorded_at_ = std::max(last_recorded_at_, std::min(append.recorded_at().value_or(now), now));
  Appended appended;
  appended.first_revision = {head.next_revision};
  appended.first_position = {next_position()};
  for (const EncodedEvent& event : stream.events) {
    if (auto placed = place_event(unit, append, event, head, last_recorded_at_); !placed) {
      return std::move(placed).error();
    }
    ++head.next_revision;
  }
  appended.last_revision = {head.next_revision - 1};
  appended.last_position = {next_position() - 1};
  return appended;
}

Result<void> SqliteLog::place_event(Unit& unit, const EncodedAppend& append, const EncodedEvent& event,
                                    const StreamHead& head, Timestamp now) {
  const auto type = type_number(unit, event.type);
  if (!type) return type.error();
  const std::uint64_t position = next_position();
  if (auto noted = note_schema(unit, *type, event.schema_version, position); !noted) return noted;
  const BytesView encoded = append.frame(event);
  const std::span<std::byte> frame = group_.arena.allocate(encoded.size());
  std::memcpy(frame.data(), encoded.data(), encoded.size());
  place_frame(
      frame,
      {.position = position, .revision = head.next_revision, .stream = head.number, .type = *type, .recorded_at = now});
  const std::size_t keys_begin = group_.keys.size();
  group_.keys.push_back(category_key(head.category));
  group_.keys.push_back(type_key(*type));
  for (const std::uint64_t key : append.tag_keys(event)) group_.keys.push_back(key);
  group_.frames.emplace_back(frame);
  group_.events.push_back({head.next_revision, head.number, *type, keys_begin, group_.keys.size()});
  ids_.add(event.id, position);

  if (!event.external_data.empty()) {
    auto stored = unit.exec("INSERT INTO payload (position, body) VALUES ($1, $2)", {position, event.external_data});
    if (!stored) return std::move(stored).error();
  }
  if (options_.index_all_ids) {
    auto indexed =
        unit.exec("INSERT INTO event_id (id, position) VALUES ($1, $2)", {BytesView{event.id.bytes()}, position});
    if (!indexed && indexed.error().code() == Errc::already_exists) {
      return Error{Errc::conflict,
                   fmt::format("append {}: event id {} is stored already", head.name, event.id.to_string())};
    }
    if (!indexed) return std::move(indexed).error();
  }
  return {};
}

Result<void> SqliteLog::check_condition(Unit& unit, const AppendCondition& condition) {
  const LogSnapshot snapshot = unit_snapshot();
  ConditionCheck check{unit, snapshot, pending_, group_, *types_, options_.condition_events_max};
  if (!condition.fail_if_match.empty()) {
    auto match = check.first_match(condition.fail_if_match, condition.after);
    if (!match) return std::move(match).error();
    if (*match) {
      return Error{Errc::conflict, fmt::format("append_if: position {} matches fail_if_match (after {})",
                                               (*match)->value, condition.after.value)}
          .with("position", (*match)->value);
    }
  }
  if (!condition.fail_if_exists.empty()) {
    auto match = check.first_match(condition.fail_if_exists, GlobalPosition{});
    if (!match) return std::move(match).error();
    if (*match) {
      return Error{Errc::already_exists, fmt::format("append_if: position {} matches fail_if_exists", (*match)->value)}
          .with("position", (*match)->value);
    }
  }
  return {};
}

}  // namespace cairn::log
