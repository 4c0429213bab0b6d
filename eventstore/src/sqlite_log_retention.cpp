#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "retention_table.hpp"
#include "sqlite_log.hpp"
#include "wake_key.hpp"

namespace cairn::log {

namespace {

/// SQLite's integers are signed.
constexpr std::uint64_t number_max = std::numeric_limits<std::int64_t>::max();

Error no_such_stream(std::string_view call, std::string_view stream) {
  return Error{Errc::not_found, fmt::format("{} {}: there is no such stream", call, stream)};
}

Error tombstoned(std::string_view call, std::string_view stream) {
  return Error{Errc::stream_deleted, fmt::format("{} {}: the stream was deleted for ever", call, stream)};
}

Result<void> check(std::string_view stream, const StreamRetention& keep, std::uint64_t next_revision) {
  const auto refuse = [stream](const std::string& why) {
    return Error{Errc::invalid, fmt::format("set_retention {}: {}", stream, why)};
  };
  if (keep.events_max == 0) return refuse("events_max 0 keeps nothing; truncate or delete the stream");
  if (keep.events_max > number_max) return refuse(fmt::format("events_max {} is out of range", *keep.events_max));
  if (keep.age_max && keep.age_max->count() <= 0) {
    return refuse(fmt::format("age_max {} us keeps nothing; truncate or delete the stream", keep.age_max->count()));
  }
  if (keep.truncate_before.value > next_revision) {
    return refuse(fmt::format("truncate_before {}, but the next revision is {}; at most that",
                              keep.truncate_before.value, next_revision));
  }
  return {};
}

}  // namespace

Result<void> SqliteLog::set_retention(Unit& unit, std::string_view stream, const StreamRetention& keep) {
  auto head = head_of(unit, stream);
  if (!head) return std::move(head).error();
  const StreamHead& at = **head;
  if (at.tombstone) return tombstoned("set_retention", stream);
  if (!at.exists()) return no_such_stream("set_retention", stream);
  if (auto good = check(stream, keep, at.next_revision); !good) return good;
  auto stored = read_retention(unit, at.number);
  if (!stored) return std::move(stored).error();
  StoredRetention retention = stored->value_or(StoredRetention{});
  retention.keep = keep;
  group_.retention_changed = true;
  return write_retention(unit, at.number, retention);
}

Result<void> SqliteLog::delete_stream(Unit& unit, std::string_view stream, ExpectedRevision expected, Deletion how) {
  const std::string_view call = how == Deletion::soft ? "delete_stream" : "tombstone_stream";
  auto head = head_of(unit, stream);
  if (!head) return std::move(head).error();
  StreamHead& at = **head;
  if (at.tombstone) return tombstoned(call, stream);
  if (at.number == 0 || (how == Deletion::soft && !at.exists())) return no_such_stream(call, stream);
  if (!at.meets(expected)) return conflict(call, stream, expected, at);

  auto stored = read_retention(unit, at.number);
  if (!stored) return std::move(stored).error();
  StoredRetention retention = stored->value_or(StoredRetention{});
  retention.deleted_before = at.next_revision;
  retention.tombstone = how == Deletion::tombstone;
  if (auto written = write_retention(unit, at.number, retention); !written) return written;
  // A snapshot is a state of the life that ends here.
  auto dropped = unit.exec("DELETE FROM snapshot WHERE stream = $1", {at.number});
  if (!dropped) return std::move(dropped).error();
  group_.retention_changed = true;
  group_.deleted_streams.push_back(stream_wake_key(stream));
  group_.remember(at);
  at.deleted_before = retention.deleted_before;
  at.tombstone = retention.tombstone;
  return {};
}

std::uint64_t SqliteLog::removable_through() const {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  // At least the last event stays: it has the log's latest time.
  const std::uint64_t newest = std::max<std::uint64_t>(options_.id_window, 1);
  return std::min({indexed_through_, recent().first_position() - 1, head - std::min(head, newest)});
}

}  // namespace cairn::log
