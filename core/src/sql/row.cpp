#include <cairn/core/sql/row.hpp>

#include <cstddef>

#include <sqlite3.h>

namespace cairn {
namespace {

sqlite3_stmt* as_statement(void* statement) noexcept { return static_cast<sqlite3_stmt*>(statement); }

}  // namespace

bool Row::is_null(int column) const noexcept {
  return sqlite3_column_type(as_statement(statement_), column) == SQLITE_NULL;
}

std::int64_t Row::integer(int column) const noexcept { return sqlite3_column_int64(as_statement(statement_), column); }

double Row::real(int column) const noexcept { return sqlite3_column_double(as_statement(statement_), column); }

std::string_view Row::text(int column) const noexcept {
  const unsigned char* const data = sqlite3_column_text(as_statement(statement_), column);
  if (data == nullptr) return {};
  // The length comes second: the call before may have converted the column.
  return {reinterpret_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(as_statement(statement_), column))};
}

BytesView Row::blob(int column) const noexcept {
  const void* const data = sqlite3_column_blob(as_statement(statement_), column);
  if (data == nullptr) return {};
  return {static_cast<const std::byte*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(as_statement(statement_), column))};
}

}  // namespace cairn
