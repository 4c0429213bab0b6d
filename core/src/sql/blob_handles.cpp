#include "sql/blob_handles.hpp"

#include <cstring>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <sqlite3.h>

#include "sql/sqlite_error.hpp"

namespace cairn::sql {
namespace {

bool same_text(const char* a, const char* b) noexcept { return a == b || std::strcmp(a, b) == 0; }

}  // namespace

void BlobHandles::drop(Handle& handle) noexcept {
  sqlite3_blob_close(handle.blob);
  handle = handles_.back();
  handles_.pop_back();
}

void BlobHandles::expire() noexcept {
  for (Handle& handle : handles_) handle.rowid.reset();
}

void BlobHandles::close() noexcept {
  for (const Handle& handle : handles_) sqlite3_blob_close(handle.blob);
  handles_.clear();
}

Error BlobHandles::failed(int code, const char* table, const char* column, std::int64_t rowid) {
  last_code_ = code;
  const std::string what = fmt::format("read blob {}.{} of row {}", table, column, rowid);
  // SQLite has no code of its own for a missing row.
  if (code == SQLITE_ERROR && std::string_view{sqlite3_errmsg(db_)}.starts_with("no such rowid")) {
    return Error{Errc::not_found, what + ": no such row"};
  }
  return to_error(db_, code, what);
}

Result<BlobHandles::Handle*> BlobHandles::seek(const char* table, const char* column, std::int64_t rowid) {
  for (Handle& handle : handles_) {
    if (!same_text(handle.table, table) || !same_text(handle.column, column)) continue;
    if (handle.rowid == rowid) return &handle;
    const int code = sqlite3_blob_reopen(handle.blob, rowid);
    if (code == SQLITE_OK) {
      handle.rowid = rowid;
      return &handle;
    }
    if (code == SQLITE_ABORT) {  // the row it stood on was written by this transaction
      drop(handle);
      break;
    }
    const Error error = failed(code, table, column, rowid);
    drop(handle);  // a failed move leaves the handle unusable
    return error;
  }
  Handle& made = handles_.emplace_back(Handle{table, column, nullptr, rowid});
  int code = sqlite3_blob_open(db_, "main", table, column, rowid, 0, &made.blob);
  if (code == SQLITE_ERROR && std::string_view{sqlite3_errmsg(db_)}.starts_with("no such table")) {
    // Unlike a statement, blob_open believes the schema this connection read last; a statement makes it look again.
    sqlite3_exec(db_, "SELECT 1 FROM sqlite_schema LIMIT 1", nullptr, nullptr, nullptr);
    code = sqlite3_blob_open(db_, "main", table, column, rowid, 0, &made.blob);
  }
  if (code == SQLITE_OK) return &made;
  handles_.pop_back();
  return failed(sqlite3_extended_errcode(db_), table, column, rowid);
}

Result<std::size_t> BlobHandles::size(const char* table, const char* column, std::int64_t rowid) {
  auto handle = seek(table, column, rowid);
  if (!handle) return std::move(handle).error();
  return static_cast<std::size_t>(sqlite3_blob_bytes((*handle)->blob));
}

Result<void> BlobHandles::read(const char* table, const char* column, std::int64_t rowid, std::size_t offset,
                               std::span<std::byte> out) {
  // Twice, because a handle that stood on a row this transaction wrote since is expired and opens again.
  for (int attempt = 0;; ++attempt) {
    auto handle = seek(table, column, rowid);
    if (!handle) return std::move(handle).error();
    const auto size = static_cast<std::size_t>(sqlite3_blob_bytes((*handle)->blob));
    if (offset > size || out.size() > size - offset) {
      return Error{Errc::invalid, fmt::format("read blob {}.{} of row {}: {} bytes at {} of {}", table, column, rowid,
                                              out.size(), offset, size)};
    }
    if (out.empty()) return {};
    const int code =
        sqlite3_blob_read((*handle)->blob, out.data(), static_cast<int>(out.size()), static_cast<int>(offset));
    if (code == SQLITE_OK) return {};
    if (code != SQLITE_ABORT || attempt > 0) {
      const Error error = failed(code, table, column, rowid);
      drop(**handle);
      return error;
    }
    drop(**handle);
  }
}

}  // namespace cairn::sql
