#pragma once

#include <cstdint>
#include <memory>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/sql_reader.hpp>

#include "log_tail.hpp"
#include "name_table.hpp"

namespace cairn::log {

// What whoever opens a log reads first, each within one transaction.

/// The names of table event_type, or category, published. Errors: corrupt (a number is missing).
Result<std::shared_ptr<NameTable>> read_event_types(SqlReader& reader);
Result<std::shared_ptr<NameTable>> read_categories(SqlReader& reader);

/// The end of the log.
struct StoredTail {
  std::shared_ptr<LogTail> tail;
  std::uint64_t head = 0;
  std::uint32_t last_chunk_link = 0;  ///< 0 when there is no chunk
};
/// Errors: corrupt (a block of the tail is damaged, or is not where it must be).
Result<StoredTail> read_tail(SqlReader& reader);

/// How far the index tables are complete. Errors: corrupt (not said, or beyond `head`).
Result<std::uint64_t> read_indexed_through(SqlReader& reader, std::uint64_t head);

}  // namespace cairn::log
