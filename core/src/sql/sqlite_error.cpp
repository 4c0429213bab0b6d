#include "sql/sqlite_error.hpp"

#include <string>
#include <system_error>

#include <fmt/format.h>
#include <sqlite3.h>

#include "sql/bad_page.hpp"

namespace cairn::sql {
namespace {

constexpr int primary(int code) noexcept { return code & 0xff; }

// A statement may be long and is known to its author; its beginning is enough to find it.
constexpr std::size_t text_shown_max = 200;

}  // namespace

Errc to_errc(int code) noexcept {
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID: return Errc::already_exists;
    case SQLITE_IOERR_DATA:
    case SQLITE_IOERR_CORRUPTFS: return Errc::corrupt;
    case SQLITE_READONLY: return Errc::invalid;  // a write through a read transaction; READONLY_* are the file's
    default: break;
  }
  switch (primary(code)) {
    case SQLITE_FULL: return Errc::storage_full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Errc::corrupt;
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_MISUSE:
    case SQLITE_AUTH:
    case SQLITE_RANGE: return Errc::invalid;
    default: return Errc::unavailable;  // IOERR, BUSY, LOCKED, NOMEM, CANTOPEN, PROTOCOL, ABORT, INTERRUPT, ...
  }
}

bool is_machine_trouble(int code) noexcept {
  if (to_errc(code) == Errc::corrupt) return false;
  switch (primary(code)) {
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL: return true;
    case SQLITE_READONLY: return code != SQLITE_READONLY;
    default: return false;
  }
}

Error to_error(sqlite3* db, int code, std::string_view what) {
  if (what.size() > text_shown_max) what = what.substr(0, text_shown_max);
  std::string text = fmt::format("{}: {}", what, db == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db));
  if (db != nullptr && to_errc(code) == Errc::corrupt) {
    if (const auto bad = last_bad_page(db)) {
      return Error{Errc::corrupt, fmt::format("{} (page {}: {})", text, bad->page, to_string(bad->defect))}.with(
          "page", bad->page);
    }
  }
  if (db != nullptr && is_machine_trouble(code)) {
    if (const int reason = sqlite3_system_errno(db); reason != 0) {
      text += fmt::format(" ({})", std::generic_category().message(reason));
    }
  }
  return Error{to_errc(code), std::move(text)};
}

}  // namespace cairn::sql
