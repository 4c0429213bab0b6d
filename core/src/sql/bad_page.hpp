#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

struct sqlite3;

namespace cairn {

enum class PageDefect : std::uint8_t {
  wrong_checksum,  ///< bytes changed after they were written, or the page belongs elsewhere
  no_checksum,     ///< zeroed, or written by a program that keeps no checksums
  truncated,       ///< the file ends inside the page
  foreign_layout,  ///< an access that is not one 8192-byte page with 8 reserved bytes: not our file
};
[[nodiscard]] std::string_view to_string(PageDefect defect) noexcept;

struct BadPage {
  std::uint32_t page = 0;
  PageDefect defect = PageDefect::wrong_checksum;
};

/// The file control by which a ChecksumVfs is asked for its last bad page; its argument is a std::optional<BadPage>*.
/// An opcode and no call, so that who only reads errors needs no VFS beside it
/// (https://sqlite.org/c3ref/file_control.html).
inline constexpr int fcntl_last_bad_page = 0x43627031;  // "Cbp1"; SQLite keeps those below 100 for itself

/// The page behind the latest SQLITE_IOERR_DATA or SQLITE_IOERR_WRITE that a ChecksumVfs returned to `db`'s database
/// `schema`. Nothing when there was none or `db` was not opened through one.
[[nodiscard]] std::optional<BadPage> last_bad_page(sqlite3* db, const char* schema = "main") noexcept;

}  // namespace cairn
