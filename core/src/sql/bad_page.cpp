#include "sql/bad_page.hpp"

#include <sqlite3.h>

namespace cairn {

std::string_view to_string(PageDefect defect) noexcept {
  switch (defect) {
    case PageDefect::wrong_checksum: return "wrong checksum";
    case PageDefect::no_checksum: return "no checksum";
    case PageDefect::truncated: return "truncated";
    case PageDefect::foreign_layout: return "foreign layout";
  }
  return "unlisted";
}

std::optional<BadPage> last_bad_page(sqlite3* db, const char* schema) noexcept {
  std::optional<BadPage> bad;
  if (sqlite3_file_control(db, schema, fcntl_last_bad_page, &bad) != SQLITE_OK) return std::nullopt;
  return bad;
}

}  // namespace cairn
