#pragma once

#include <cairn/core/sql/sql_reader.hpp>

namespace cairn {

namespace sql {
class ReadPool;
}

/// A read transaction on a connection borrowed from the pool: one consistent view of the database as of its
/// first query. Keep it short (milliseconds): the write-ahead log cannot be reset while it is open. Ends, and
/// gives the connection back, when destroyed.
class ReadTx final : public SqlReader {
 public:
  ReadTx(ReadTx&& other) noexcept;
  ~ReadTx();
  ReadTx& operator=(ReadTx&&) = delete;

 private:
  friend class sql::ReadPool;
  ReadTx(sql::Connection& connection, sql::ReadPool& pool) noexcept : SqlReader{connection}, pool_{&pool} {}

  sql::ReadPool* pool_;
};

}  // namespace cairn
