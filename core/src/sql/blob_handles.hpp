#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <cairn/core/result.hpp>

struct sqlite3;
struct sqlite3_blob;

namespace cairn::sql {

/// Incremental reads of blob columns (https://sqlite.org/c3ref/blob_open.html), one handle kept for each column and
/// moved from row to row, because opening costs a small parse. An open handle keeps its read transaction open, so
/// close() comes before every COMMIT and ROLLBACK.
class BlobHandles final {
 public:
  explicit BlobHandles(sqlite3* db) noexcept : db_{db} {}
  ~BlobHandles() { close(); }
  BlobHandles(const BlobHandles&) = delete;
  BlobHandles& operator=(const BlobHandles&) = delete;

  /// Size in bytes. Errors: not_found (no such row), invalid (no such table or column, or NULL or a number there).
  [[nodiscard]] Result<std::size_t> size(const char* table, const char* column, std::int64_t rowid);
  /// Errors: those, and invalid (range outside the blob).
  [[nodiscard]] Result<void> read(const char* table, const char* column, std::int64_t rowid, std::size_t offset,
                                  std::span<std::byte> out);
  /// A statement changed rows: sizes are looked up again.
  void expire() noexcept;
  void close() noexcept;
  /// The SQLite code of the latest error; the caller decides what it means for the transaction.
  [[nodiscard]] int last_code() const noexcept { return last_code_; }

 private:
  struct Handle {
    const char* table;
    const char* column;
    sqlite3_blob* blob;
    std::optional<std::int64_t> rowid;  // where it stands, unless expired
  };
  [[nodiscard]] Result<Handle*> seek(const char* table, const char* column, std::int64_t rowid);
  [[nodiscard]] Error failed(int code, const char* table, const char* column, std::int64_t rowid);
  void drop(Handle& handle) noexcept;

  sqlite3* db_;
  std::vector<Handle> handles_;  // a handful: searched in order
  int last_code_ = 0;
};

}  // namespace cairn::sql
