#pragma once

#include <sqlite3.h>

#include <cairn/core/result.hpp>

#include "event_rows.hpp"

namespace cairn::events_table {

/// The columns of cairn_events, in their order.
enum class Column : int {
  position,
  stream,
  revision,
  type,
  schema_version,
  category,
  event_id,
  recorded_at,
  occurred_at,
  correlation_id,
  causation_id,
  content_type,
  tags,
  headers,
  data,
};

/// What sqlite3_declare_vtab() is told.
inline constexpr const char* declaration =
    "CREATE TABLE cairn_events(position INTEGER, stream TEXT, revision INTEGER, type TEXT, schema_version INTEGER, "
    "category TEXT, event_id TEXT, recorded_at TEXT, occurred_at TEXT, correlation_id TEXT, causation_id TEXT, "
    "content_type TEXT, tags TEXT, headers TEXT, data BLOB)";

/// Gives SQLite the value of one column of the row, decoded now. Errors: those of EventRows.
Result<void> give_column(EventRows& rows, Column column, sqlite3_context* context);

}  // namespace cairn::events_table
