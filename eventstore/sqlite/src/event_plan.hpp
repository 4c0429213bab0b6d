#pragma once

#include <span>
#include <string_view>

#include <sqlite3.h>

#include "event_query.hpp"

namespace cairn::events_table {

/// Tells SQLite which of a statement's conditions narrow what is read, what that costs, and whether the rows come in
/// the order it wants (https://sqlite.org/vtab.html#the_xbestindex_method). Gives an SQLite result code.
[[nodiscard]] int choose_plan(sqlite3_index_info& info);

/// The query that choose_plan() had in mind, with the values it now has. `plan` and `text` are idxNum and idxStr.
/// A value that no index can serve (a real number, a blob) narrows nothing.
[[nodiscard]] EventQuery query_of(int plan, std::string_view text, std::span<sqlite3_value*> values);

}  // namespace cairn::events_table
