#include "events_module.hpp"

#include <memory>
#include <string_view>
#include <utility>

#include <cairn/core/call_user.hpp>
#include <cairn/core/sql/borrowed_reader.hpp>

#include "event_columns.hpp"
#include "event_plan.hpp"
#include "event_rows.hpp"

namespace cairn::events_table {

namespace {

struct EventsTable final : sqlite3_vtab {
  explicit EventsTable(sqlite3* connection)
      : sqlite3_vtab{}, db{connection}, reader{sql::BorrowedReader::on(connection)} {}

  sqlite3* db;
  std::unique_ptr<sql::BorrowedReader> reader;  ///< its statements are prepared once for all cursors
};

struct EventsCursor final : sqlite3_vtab_cursor {
  explicit EventsCursor(sql::BorrowedReader& reader) : sqlite3_vtab_cursor{}, rows{reader} {}

  EventRows rows;
};

EventsTable& table_of(sqlite3_vtab* table) { return *static_cast<EventsTable*>(table); }
EventsTable& table_of(sqlite3_vtab_cursor* cursor) { return table_of(cursor->pVtab); }
EventRows& rows_of(sqlite3_vtab_cursor* cursor) { return static_cast<EventsCursor*>(cursor)->rows; }

/// The result code for an error; where SQLite itself failed underneath (interrupted, busy, I/O), its own.
int code_of(const Error& error, sqlite3* db) {
  if (error.code() == Errc::corrupt) return SQLITE_CORRUPT_VTAB;
  if (error.code() != Errc::unavailable) return SQLITE_ERROR;
  const int below = sqlite3_errcode(db);
  return below == SQLITE_OK || below == SQLITE_ROW || below == SQLITE_DONE ? SQLITE_ERROR : below;
}

/// Runs `f() -> Result<void>` on the way from SQLite: nothing is thrown into it, and no blob stays open, which would
/// keep a transaction that the statement has ended. `on_error(code, text)` hears of a failure.
template <class F, class OnError>
int run(EventsTable& table, F&& f, OnError&& on_error) {
  const auto done = call_user("read", std::forward<F>(f));
  const int code = done ? SQLITE_OK : code_of(done.error(), table.db);
  table.reader->close_blobs();
  if (!done) on_error(code, done.error().message().c_str());
  return code;
}

template <class F>
int run(EventsTable& table, F&& f) {
  return run(table, std::forward<F>(f), [&table](int, const char* text) {
    sqlite3_free(table.zErrMsg);
    table.zErrMsg = sqlite3_mprintf("cairn_events: %s", text);
  });
}

int connect(sqlite3* db, void*, int, const char* const*, sqlite3_vtab** out, char**) {
  if (const int code = sqlite3_declare_vtab(db, declaration); code != SQLITE_OK) return code;
  const auto made = call_user("connect", [&] { *out = std::make_unique<EventsTable>(db).release(); });
  return made ? SQLITE_OK : SQLITE_NOMEM;
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<EventsTable*>(table);
  return SQLITE_OK;
}

int best_index(sqlite3_vtab*, sqlite3_index_info* info) {
  const auto code = call_user("plan", [&] { return choose_plan(*info); });
  return code ? *code : SQLITE_NOMEM;
}

int open(sqlite3_vtab* table, sqlite3_vtab_cursor** out) {
  const auto made =
      call_user("open", [&] { *out = std::make_unique<EventsCursor>(*table_of(table).reader).release(); });
  return made ? SQLITE_OK : SQLITE_NOMEM;
}

int close(sqlite3_vtab_cursor* cursor) {
  delete static_cast<EventsCursor*>(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* cursor, int plan, const char* text, int count, sqlite3_value** values) {
  return run(table_of(cursor), [&] {
    return rows_of(cursor).start(query_of(plan, text, {values, static_cast<std::size_t>(count)}));
  });
}

int next(sqlite3_vtab_cursor* cursor) {
  return run(table_of(cursor), [&] { return rows_of(cursor).next(); });
}

int eof(sqlite3_vtab_cursor* cursor) { return rows_of(cursor).at_end() ? 1 : 0; }

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int number) {
  return run(
      table_of(cursor), [&] { return give_column(rows_of(cursor), Column{number}, context); },
      [context](int code, const char* text) {
        sqlite3_result_error(context, text, -1);
        sqlite3_result_error_code(context, code);
      });
}

int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* out) {
  *out = static_cast<sqlite3_int64>(rows_of(cursor).position());
  return SQLITE_OK;
}

/// Without xCreate the table is there by itself and cannot be made; without xUpdate it cannot be written.
constexpr sqlite3_module make_module() {
  sqlite3_module module{};
  module.xConnect = connect;
  module.xBestIndex = best_index;
  module.xDisconnect = disconnect;
  module.xOpen = open;
  module.xClose = close;
  module.xFilter = filter;
  module.xNext = next;
  module.xEof = eof;
  module.xColumn = column;
  module.xRowid = rowid;
  return module;
}
constexpr sqlite3_module events_module = make_module();

}  // namespace

int add_events_table(sqlite3* db) {
  return sqlite3_create_module_v2(db, "cairn_events", &events_module, nullptr, nullptr);
}

}  // namespace cairn::events_table
