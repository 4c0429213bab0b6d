#include "retention_table.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cairn::log {

std::uint64_t StoredRetention::first_kept(std::uint64_t next_revision) const noexcept {
  // A tombstone may be read beside a log of before it: what it then shows is gone, too.
  if (tombstone) return std::max(next_revision, deleted_before);
  std::uint64_t first = std::max({keep.truncate_before.value, deleted_before, removed_before});
  if (keep.events_max && next_revision > *keep.events_max) first = std::max(first, next_revision - *keep.events_max);
  return first;
}

Result<std::optional<StoredRetention>> read_retention(SqlReader& reader, std::uint32_t stream) {
  std::optional<StoredRetention> found;
  bool good = true;
  auto done = reader.each(
      "SELECT events_max, age_max, truncate_before, deleted_before, tombstone, removed_before FROM stream_retention "
      "WHERE stream = $1",
      {stream}, [&](const Row& row) {
        const auto events_max = row.get<std::optional<std::int64_t>>(0);
        const auto age_max = row.get<std::optional<std::int64_t>>(1);
        good = events_max.value_or(1) >= 1 && age_max.value_or(1) >= 1 && row.integer(2) >= 0 && row.integer(3) >= 0 &&
               (row.integer(4) == 0 || row.integer(4) == 1) && row.integer(5) >= 0;
        StoredRetention& retention = found.emplace();
        if (events_max) retention.keep.events_max = static_cast<std::uint64_t>(*events_max);
        if (age_max) retention.keep.age_max = std::chrono::microseconds{*age_max};
        retention.keep.truncate_before = {row.get<std::uint64_t>(2)};
        retention.deleted_before = row.get<std::uint64_t>(3);
        retention.tombstone = row.integer(4) == 1;
        retention.removed_before = row.get<std::uint64_t>(5);
      });
  if (!done) return std::move(done).error();
  if (!good) return Error{Errc::corrupt, fmt::format("retention of stream {}: numbers out of range", stream)};
  return found;
}

Result<StreamRetention> retention_setting(SqlReader& reader, std::string_view stream, std::optional<Revision> head) {
  auto number = reader.first<std::uint32_t>("SELECT number FROM stream WHERE name = $1", {stream});
  if (!number) return std::move(number).error();
  StoredRetention retention;
  if (*number) {
    auto stored = read_retention(reader, **number);
    if (!stored) return std::move(stored).error();
    retention = stored->value_or(StoredRetention{});
  }
  if (retention.tombstone) {
    return Error{Errc::stream_deleted, fmt::format("retention {}: the stream was deleted for ever", stream)};
  }
  if (!head || !retention.exists(head->value + 1)) {
    return Error{Errc::not_found, fmt::format("retention {}: there is no such stream", stream)};
  }
  return retention.keep;
}

Result<void> write_retention(Unit& unit, std::uint32_t stream, const StoredRetention& retention) {
  const auto age_max =
      retention.keep.age_max ? std::optional{std::int64_t{retention.keep.age_max->count()}} : std::nullopt;
  auto stored = unit.exec(
      "INSERT OR REPLACE INTO stream_retention (stream, events_max, age_max, truncate_before, deleted_before, "
      "tombstone, removed_before) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {stream, retention.keep.events_max, age_max, retention.keep.truncate_before.value, retention.deleted_before,
       retention.tombstone ? 1 : 0, retention.removed_before});
  if (!stored) return std::move(stored).error();
  return {};
}

}  // namespace cairn::log
