#include <cairn/core/sql/database_copy.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include <cairn/core/call_user.hpp>

#include "sql/checksum_vfs.hpp"
#include "sql/first_page.hpp"
#include "sql/store_file.hpp"
#include "sql/unfinished_copy.hpp"
#include "sql/vfs_handle.hpp"

namespace cairn {
namespace {

constexpr std::uint64_t page_bytes = ChecksumVfs::page_bytes;

sqlite3_int64 offset_of(std::uint64_t page) noexcept {
  return static_cast<sqlite3_int64>(page - 1) * static_cast<sqlite3_int64>(page_bytes);
}
// SQLite locks byte ranges of this page and writes none of it: https://sqlite.org/fileformat2.html#the_lock_byte_page
constexpr std::uint64_t lock_page = 0x40000000 / page_bytes + 1;

Error failed(const std::string& name, std::string_view what, int code) {
  const Errc errc = code == SQLITE_FULL ? Errc::storage_full : Errc::unavailable;
  return Error{errc, fmt::format("restore: {} {}: {}", what, name, sqlite3_errstr(code))};
}

Error not_a_backup(const std::string& name, std::string_view why) {
  return Error{Errc::invalid, fmt::format("restore {}: {}", name, why)};
}

/// The backup's file, opened, and looked at as far as its header goes.
class BackupFile final {
 public:
  explicit BackupFile(const sql::StoreFile& file) : file_{file}, handle_{*sqlite3_vfs_find(file.vfs())} {}

  Result<void> open() {
    if (!file_.exists()) return Error{Errc::not_found, fmt::format("restore {}: no such file", file_.name())};
    for (const char* suffix : {"-wal", "-journal"}) {
      if (file_.size_of(suffix) > 0) return not_a_backup(file_.name(), "a store that was not closed; not a backup");
    }
    if (const int code = handle_.open(file_.name(), SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READONLY); code != SQLITE_OK) {
      return failed(file_.name(), "open", code);
    }
    sql::DatabaseHeader header{};
    int code = handle_.methods().xRead(handle_.get(), header.data(), static_cast<int>(header.size()), 0);
    if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return failed(file_.name(), "read", code);
    if (auto ours = sql::check_header(header, file_.name()); !ours) return ours;
    if (header[18] != 1 || header[19] != 1) {
      return not_a_backup(file_.name(), "it is or was in use as a store; make a backup of that store");
    }
    for (std::size_t at = 28; at < 32; ++at) pages_ = (pages_ << 8U) | header[at];
    sqlite3_int64 size = 0;
    code = handle_.methods().xFileSize(handle_.get(), &size);
    if (code != SQLITE_OK) return failed(file_.name(), "size of", code);
    if (static_cast<std::uint64_t>(size) != pages_ * page_bytes) {
      return Error{Errc::corrupt, fmt::format("restore {}: {} bytes, where its header says {} pages of {}",
                                              file_.name(), size, pages_, page_bytes)};
    }
    return {};
  }

  [[nodiscard]] std::uint64_t pages() const noexcept { return pages_; }

  Result<void> read(std::uint64_t page, std::span<std::byte> out) {
    const int code = handle_.methods().xRead(handle_.get(), out.data(), static_cast<int>(out.size()), offset_of(page));
    if (code == SQLITE_OK) return {};
    if (code != SQLITE_IOERR_DATA) return failed(file_.name(), "read", code);
    return Error{Errc::corrupt, fmt::format("restore {}: page {} is damaged", file_.name(), page)}.with("page", page);
  }

 private:
  const sql::StoreFile& file_;
  sql::VfsHandle handle_;
  std::uint64_t pages_ = 0;
};

Result<void> copy_pages(BackupFile& from, const sql::StoreFile& into, const CopyOptions& options) {
  sql::VfsHandle out{*sqlite3_vfs_find(into.vfs())};
  constexpr int flags = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (const int code = out.open(into.name(), flags); code != SQLITE_OK) return failed(into.name(), "create", code);
  std::array<std::byte, page_bytes> bytes{};
  for (std::uint64_t page = 1; page <= from.pages(); ++page) {
    if (page == lock_page) continue;
    if (auto read = from.read(page, bytes); !read) return read;
    const int code = out.methods().xWrite(out.get(), bytes.data(), static_cast<int>(bytes.size()), offset_of(page));
    if (code != SQLITE_OK) return failed(into.name(), "write", code);
    if (page % std::max(options.step_pages, 1U) != 0 && page != from.pages()) continue;
    if (auto go_on = sql::between_steps("restore", options, {page, from.pages()}); !go_on) return go_on;
  }
  return {};
}

}  // namespace

Result<void> sql::between_steps(std::string_view what, const CopyOptions& options, const CopyProgress& progress) {
  if (options.stop.stop_requested()) return Error{Errc::cancelled, fmt::format("{}: stopped", what)};
  if (!options.on_progress) return {};
  return call_user("on_progress", [&] { options.on_progress(progress); });
}

Result<DatabaseCopy> restore_database(const DatabaseRestore& restore) {
  auto source = sql::StoreFile::locate({.file = restore.backup, .memory = restore.memory, .page_cache_bytes = 0});
  if (!source) return std::move(source).error();
  BackupFile backup{**source};
  if (auto opened = backup.open(); !opened) return std::move(opened).error();
  auto copy = sql::UnfinishedCopy::begin({.file = restore.target, .memory = restore.memory});
  if (!copy) return std::move(copy).error();
  if (auto copied = copy_pages(backup, (*copy)->file(), restore.options); !copied) return std::move(copied).error();
  return (*copy)->finish(std::nullopt, restore.clock != nullptr ? restore.clock->now() : SystemClock{}.now());
}

}  // namespace cairn
