#include <cairn/eventstore/snapshots.hpp>

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <xxhash.h>

#include <cairn/core/sql/database.hpp>

#include "copy_bytes.hpp"
#include "little_endian.hpp"
#include "retention_table.hpp"

namespace cairn {

namespace detail {

std::uint64_t snapshot_schema_hash(std::string_view type, std::uint32_t schema_version, ContentType content_type,
                                   std::size_t size, BytesView initial) {
  std::array<std::byte, 16> numbers{};
  log::store_little(numbers.data(), schema_version);
  log::store_little(numbers.data() + 4, static_cast<std::uint32_t>(content_type));
  log::store_little(numbers.data() + 8, std::uint64_t{size});
  const std::uint64_t name = XXH3_64bits(type.data(), type.size());
  return XXH3_64bits_withSeed(initial.data(), initial.size(),
                              XXH3_64bits_withSeed(numbers.data(), numbers.size(), name));
}

}  // namespace detail

namespace {

/// Of a snapshot, with room for the largest state that can be read back in one piece.
constexpr std::size_t data_bytes_max = 64U << 20U;

Error refuse(const StreamId& stream, const Snapshot& snapshot, std::string_view why) {
  return Error{Errc::invalid, fmt::format("snapshot {} of {} revision {}: {}", snapshot.shape.kind, stream.text(),
                                          snapshot.revision.value, why)};
}

Result<void> check(const StreamId& stream, const Snapshot& snapshot) {
  if (snapshot.shape.kind.empty()) return refuse(stream, snapshot, "its kind has no name");
  if (snapshot.data.size() > data_bytes_max) {
    return refuse(stream, snapshot, fmt::format("{} bytes, at most {}", snapshot.data.size(), data_bytes_max));
  }
  return {};
}

Result<std::optional<std::uint32_t>> stream_number(SqlReader& reader, const StreamId& stream) {
  return reader.first<std::uint32_t>("SELECT number FROM stream WHERE name = $1", {stream.text()});
}

}  // namespace

Snapshots::Snapshots(EventStore& store, SnapshotPolicy policy) : store_{store}, policy_{policy} {
  invariant(policy_.keep >= 1, "a snapshot policy keeps at least one");
}

Error Snapshots::no_events_in(const StreamId& stream) {
  return Error{Errc::invalid, fmt::format("snapshot of {}: the state has no events in it", stream.text())};
}

Result<void> Snapshots::save(const StreamId& stream, const Snapshot& snapshot) {
  return store_.database().write([&](Unit& unit) { return save(unit, stream, snapshot); }, snapshot.data.size());
}

Result<void> Snapshots::save(Unit& unit, const StreamId& stream, const Snapshot& snapshot) {
  if (auto good = check(stream, snapshot); !good) return good;
  auto last = store_.stream_head(unit, stream);
  if (!last) return std::move(last).error();
  if (!*last) return refuse(stream, snapshot, "the stream does not exist");
  if (snapshot.revision > **last) return refuse(stream, snapshot, fmt::format("the stream ends at {}", (*last)->value));
  auto number = stream_number(unit, stream);
  if (!number) return std::move(number).error();
  invariant(number->has_value(), "a stream with events has a row");
  auto retention = log::read_retention(unit, **number);
  if (!retention) return std::move(retention).error();
  if (*retention && snapshot.revision.value < (*retention)->deleted_before) {
    return refuse(stream, snapshot, "the stream was deleted after it");
  }
  auto stored = unit.exec(
      "INSERT INTO snapshot (stream, kind, revision, schema_hash, data) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT (stream, kind, revision) DO UPDATE SET schema_hash = excluded.schema_hash, data = excluded.data",
      {**number, snapshot.shape.kind, snapshot.revision.value, static_cast<std::int64_t>(snapshot.shape.schema_hash),
       BytesView{snapshot.data}});
  if (!stored) return std::move(stored).error();
  auto removed = unit.exec(
      "DELETE FROM snapshot WHERE stream = $1 AND kind = $2 AND revision NOT IN "
      "(SELECT revision FROM snapshot WHERE stream = $1 AND kind = $2 ORDER BY revision DESC LIMIT $3)",
      {**number, snapshot.shape.kind, static_cast<std::int64_t>(policy_.keep)});
  if (!removed) return std::move(removed).error();
  return {};
}

Result<std::optional<Snapshot>> Snapshots::newest(const StreamId& stream, const SnapshotShape& shape) const {
  auto transaction = store_.database().read();
  if (!transaction) return std::move(transaction).error();
  auto row = transaction->first<std::uint64_t, Bytes>(
      "SELECT s.revision, s.data FROM snapshot s JOIN stream t ON t.number = s.stream "
      "WHERE t.name = $1 AND s.kind = $2 AND s.schema_hash = $3 ORDER BY s.revision DESC LIMIT 1",
      {stream.text(), shape.kind, static_cast<std::int64_t>(shape.schema_hash)});
  if (!row) return std::move(row).error();
  if (!*row) return std::optional<Snapshot>{};
  auto& [revision, data] = **row;
  return std::optional{Snapshot{.shape = shape, .revision = {revision}, .data = std::move(data)}};
}

Result<std::uint64_t> Snapshots::remove(const StreamId& stream) {
  return store_.database().write([&](Unit& unit) -> Result<std::uint64_t> {
    auto removed =
        unit.exec("DELETE FROM snapshot WHERE stream = (SELECT number FROM stream WHERE name = $1)", {stream.text()});
    if (!removed) return std::move(removed).error();
    return static_cast<std::uint64_t>(*removed);
  });
}

}  // namespace cairn
