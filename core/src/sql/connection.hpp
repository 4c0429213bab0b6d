#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/row.hpp>
#include <cairn/core/sql/value.hpp>

#include "sql/blob_handles.hpp"
#include "sql/statement_cache.hpp"

struct sqlite3;

namespace cairn::sql {

/// One sqlite3* with its statements and blob handles, used by one thread at a time.
///
/// Two kinds of SQL pass through it. The library's own (run, ask) may do anything. The user's (each, exec,
/// exec_script, blobs) runs only inside a transaction that somebody else began and will end: transaction control,
/// ATTACH and most pragmas are refused, and so is everything after SQLite ended the transaction by itself, because a
/// further statement would commit alone.
class Connection final {
 public:
  enum class Access : std::uint8_t { read_only, read_write, create };

  /// Opens the file and sets nothing but extended result codes. Errors: unavailable.
  [[nodiscard]] static Result<std::unique_ptr<Connection>> open(const std::string& file, const char* vfs,
                                                                Access access);
  /// Reads over a connection that belongs to somebody else and outlives this: a transaction of its own making, its
  /// authorizer and its open files are left alone, and statements run in whatever transaction it is in.
  [[nodiscard]] static std::unique_ptr<Connection> borrow(sqlite3* db);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  using OnRowFunction = bool (*)(void*, const Row&);
  Result<void> each(std::string_view sql, std::span<const SqlValue> args, void* context, OnRowFunction on_row);
  /// Runs the statement to its end and gives the number of rows it inserted, updated or deleted.
  Result<std::int64_t> exec(std::string_view sql, std::span<const SqlValue> args);
  /// Statements one after the other, unprepared: a migration.
  Result<void> exec_script(std::string_view sql);
  Result<void> read_blob(const char* table, const char* column, std::int64_t rowid, std::size_t offset,
                         std::span<std::byte> out);
  Result<std::size_t> blob_size(const char* table, const char* column, std::int64_t rowid);

  /// One statement of the library's own, kept prepared; rows are skipped. Gives SQLite's extended code: what a failed
  /// COMMIT means is not what a failed INSERT means.
  [[nodiscard]] int run(std::string_view sql);
  /// The first column of the first row of a statement of the library's own; nothing without a row.
  Result<std::optional<std::string>> ask(std::string_view sql);
  [[nodiscard]] Error error(int code, std::string_view what) const;

  [[nodiscard]] bool in_transaction() const noexcept;
  /// The first error since clear_trouble() that speaks of the machine: whatever the user's function made of it, the
  /// transaction must not be committed.
  [[nodiscard]] const std::optional<Error>& trouble() const noexcept { return trouble_; }
  /// The error with which SQLite ended the transaction by itself since clear_trouble().
  [[nodiscard]] const std::optional<Error>& ended_by() const noexcept { return ended_by_; }
  void clear_trouble() noexcept;
  /// The Error for `code`, remembered as the two above if it is one of them.
  [[nodiscard]] Error failed(int code, std::string_view what);
  /// Comes before every COMMIT and ROLLBACK.
  void close_blobs() noexcept { blobs_.close(); }
  /// Comes after every ROLLBACK TO.
  void expire_blobs() noexcept { blobs_.expire(); }

  [[nodiscard]] sqlite3* handle() const noexcept { return db_; }

 private:
  enum class Owner : std::uint8_t { us, somebody_else };
  Connection(sqlite3* db, Owner owner) noexcept;
  class Trusted;
  static int authorize(void* self, int action, const char* a, const char* b, const char* schema, const char* trigger);
  void remember(int code, const Error& error);
  [[nodiscard]] Result<void> check_usable(std::string_view sql) const;
  [[nodiscard]] Result<Statement*> start(std::string_view sql, std::span<const SqlValue> args);

  sqlite3* db_;
  Owner owner_;
  StatementCache statements_;      // the user's
  StatementCache own_statements_;  // apart: what is prepared there was not checked
  BlobHandles blobs_;
  bool trusted_ = false;
  std::optional<Error> trouble_;
  std::optional<Error> ended_by_;
};

}  // namespace cairn::sql
