#pragma once

#include <memory>

#include <cairn/core/sql/sql_reader.hpp>

struct sqlite3;

namespace cairn::sql {

/// Queries on a connection that belongs to the program an extension was loaded into. They run within the statement
/// that called the extension, so they see what it sees and hold no lock of their own.
/// The connection outlives this. Not thread-safe, like the connection.
class BorrowedReader final : public SqlReader {
 public:
  [[nodiscard]] static std::unique_ptr<BorrowedReader> on(sqlite3* db);
  ~BorrowedReader();

  /// Lets go of the blobs that were read. Until then they keep the connection's read transaction open: call it before
  /// returning to SQLite.
  void close_blobs() noexcept;

 private:
  explicit BorrowedReader(std::unique_ptr<Connection> connection) noexcept;

  std::unique_ptr<Connection> owned_;
};

}  // namespace cairn::sql
