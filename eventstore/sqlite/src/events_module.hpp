#pragma once

#include <sqlite3.h>

namespace cairn::events_table {

/// Gives a connection the table cairn_events: there without CREATE, read-only, for the store that is its main database.
/// Returns an SQLite result code.
[[nodiscard]] int add_events_table(sqlite3* db);

}  // namespace cairn::events_table
