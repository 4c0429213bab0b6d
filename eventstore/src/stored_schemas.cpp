#include "stored_schemas.hpp"

#include <map>
#include <string>

#include <fmt/format.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/eventstore/event_store.hpp>

namespace cairn::log {

Result<void> learn_schemas(EventStore& store) {
  Database& database = store.database();
  auto reader = database.read();
  if (!reader) return std::move(reader).error();
  const auto known = reader->first<std::int64_t>("SELECT value FROM store WHERE key = 'schemas_known'", {});
  if (!known) return known.error();
  if (known->value_or(0) == 1) return {};

  std::map<SchemaVersion, GlobalPosition> first;
  auto read = store.read_all({.filter = {.system = true}}).for_each([&first](const RecordedEvent& event) {
    first.try_emplace({std::string{event.type}, event.schema_version}, event.position);
  });
  if (!read) return read;
  return database.write([&first](Unit& unit) -> Result<void> {
    for (const auto& [schema, position] : first) {
      auto added = unit.exec(
          "INSERT OR IGNORE INTO event_schema (type, version, first_position) "
          "SELECT number, $2, $3 FROM event_type WHERE name = $1",
          {schema.type, schema.version, position.value});
      if (!added) return std::move(added).error();
    }
    auto done = unit.exec("UPDATE store SET value = 1 WHERE key = 'schemas_known'", {});
    if (!done) return std::move(done).error();
    return {};
  });
}

Result<std::vector<StoredSchema>> read_schemas(Database& database, const EventSchemas& schemas) {
  auto reader = database.read();
  if (!reader) return std::move(reader).error();
  std::vector<StoredSchema> stored;
  auto done = reader->each(
      "SELECT t.name, s.version, s.first_position FROM event_schema s JOIN event_type t ON t.number = s.type "
      "ORDER BY t.name, s.version",
      {}, [&](const Row& row) {
        StoredSchema& one = stored.emplace_back();
        one.schema = {std::string{row.text(0)}, row.get<std::uint32_t>(1)};
        one.first_position = {row.get<std::uint64_t>(2)};
        one.has_path = schemas.has_path(one.schema.type, one.schema.version);
      });
  if (!done) return std::move(done).error();
  return stored;
}

Result<void> check_paths(const std::vector<StoredSchema>& stored) {
  std::string without;
  for (const StoredSchema& one : stored) {
    if (one.has_path) continue;
    if (!without.empty()) without += ", ";
    without += fmt::format("{} (first at position {})", one.schema.to_string(), one.first_position.value);
  }
  if (without.empty()) return {};
  return Error{Errc::unknown_schema,
               fmt::format("open: no way to read {}; add the type, an upcaster or a retirement", without)};
}

}  // namespace cairn::log
