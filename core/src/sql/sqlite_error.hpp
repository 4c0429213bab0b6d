#pragma once

#include <string_view>

#include <cairn/core/error.hpp>

struct sqlite3;

namespace cairn::sql {

/// What an SQLite result code (extended) means to a caller, outside of COMMIT, which has rules of its own
/// (GroupCommit). Codes: https://sqlite.org/rescode.html
[[nodiscard]] Errc to_errc(int code) noexcept;

/// True when the code speaks of the machine (disk, memory, file) and not of the statement: the group it happened in
/// cannot be saved by leaving one unit out. A damaged page is not meant: it concerns who reads it.
[[nodiscard]] bool is_machine_trouble(int code) noexcept;

/// The Error for `code`, which `db` just returned: "<what>: <SQLite's words>", with the damaged page, or the
/// operating system's error, where there is one. `db` may be null (sqlite3_open_v2 out of memory).
[[nodiscard]] Error to_error(sqlite3* db, int code, std::string_view what);

}  // namespace cairn::sql
