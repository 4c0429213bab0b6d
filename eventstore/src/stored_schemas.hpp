#pragma once

#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/event_schemas.hpp>

namespace cairn {
class Database;
class EventStore;
}  // namespace cairn

namespace cairn::log {

/// Fills table event_schema of a log from before there was one, by reading it through once.
Result<void> learn_schemas(EventStore& store);
/// The table, by type and version.
[[nodiscard]] Result<std::vector<StoredSchema>> read_schemas(Database& database, const EventSchemas& schemas);
/// unknown_schema, naming each shape without a path and where it first occurs.
[[nodiscard]] Result<void> check_paths(const std::vector<StoredSchema>& stored);

}  // namespace cairn::log
