#include <cairn/core/sql/sql_reader.hpp>

#include "sql/connection.hpp"

namespace cairn {

Result<void> SqlReader::for_each_row(std::string_view sql, std::span<const SqlValue> args, void* context,
                                     OnRowFunction on_row) {
  return connection_->each(sql, args, context, on_row);
}

Result<void> SqlReader::read_blob(const char* table, const char* column, std::int64_t rowid, std::size_t offset,
                                  std::span<std::byte> out) {
  return connection_->read_blob(table, column, rowid, offset, out);
}

Result<std::size_t> SqlReader::blob_size(const char* table, const char* column, std::int64_t rowid) {
  return connection_->blob_size(table, column, rowid);
}

}  // namespace cairn
