#include <cairn/core/sql/borrowed_reader.hpp>

#include <utility>

#include "sql/connection.hpp"

namespace cairn::sql {

std::unique_ptr<BorrowedReader> BorrowedReader::on(sqlite3* db) {
  return std::unique_ptr<BorrowedReader>{new BorrowedReader{Connection::borrow(db)}};
}

BorrowedReader::BorrowedReader(std::unique_ptr<Connection> connection) noexcept
    : SqlReader{*connection}, owned_{std::move(connection)} {}

BorrowedReader::~BorrowedReader() = default;

void BorrowedReader::close_blobs() noexcept { owned_->close_blobs(); }

}  // namespace cairn::sql
