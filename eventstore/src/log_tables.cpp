#include "log_tables.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chunk_view.hpp"

namespace cairn::log {

namespace {

Result<std::shared_ptr<NameTable>> read_names(SqlReader& reader, std::string_view sql, std::string_view what) {
  auto table = std::make_shared<NameTable>();
  Result<void> dense;
  auto done = reader.each(sql, {}, [&](const Row& row) {
    const std::uint32_t number = table->add(row.text(1));
    if (number == row.get<std::uint32_t>(0)) return true;
    dense = Error{Errc::corrupt, fmt::format("{} {} is missing", what, number)};
    return false;
  });
  if (!done) return std::move(done).error();
  if (!dense) return std::move(dense).error();
  table->publish();
  return table;
}

}  // namespace

Result<std::shared_ptr<NameTable>> read_event_types(SqlReader& reader) {
  return read_names(reader, "SELECT number, name FROM event_type ORDER BY number", "event type");
}

Result<std::shared_ptr<NameTable>> read_categories(SqlReader& reader) {
  return read_names(reader, "SELECT number, name FROM category ORDER BY number", "category");
}

Result<StoredTail> read_tail(SqlReader& reader) {
  auto last_chunk = reader.first<std::int64_t>("SELECT coalesce(max(number), -1) FROM chunk", {});
  if (!last_chunk) return std::move(last_chunk).error();
  StoredTail stored;
  if (**last_chunk >= 0) {
    std::array<std::byte, chunk_link_bytes> prefix;
    if (auto read = reader.read_blob("chunk", "body", **last_chunk, 0, prefix); !read) return std::move(read).error();
    const auto link = link_of_chunk(prefix, static_cast<std::uint64_t>(**last_chunk));
    if (!link) return link.error();
    stored.last_chunk_link = *link;
  }
  const std::uint64_t first = first_position_of(static_cast<std::uint64_t>(**last_chunk + 1));
  stored.tail = std::make_shared<LogTail>(first);
  std::uint64_t next = first;
  Result<void> outcome;
  auto done = reader.each("SELECT first, body FROM tail ORDER BY first", {}, [&](const Row& row) {
    const auto row_first = row.get<std::uint64_t>(0);
    const BytesView body = row.blob(1);
    auto bytes = std::make_shared_for_overwrite<std::byte[]>(body.size());
    std::copy(body.begin(), body.end(), bytes.get());
    auto block = BlockView::parse({bytes.get(), body.size()}, row_first, "tail row");
    if (!block) {
      outcome = block.error();
      return false;
    }
    if (row_first != next || block->previous_crc() != stored.last_chunk_link ||
        next + block->count() - first > chunk_events) {
      outcome = Error{Errc::corrupt, fmt::format("tail row {} does not follow position {}", row_first, next - 1)};
      return false;
    }
    for (std::uint32_t i = 0; i < block->count(); ++i) stored.tail->frames[next++ - first] = block->frame(i);
    stored.tail->buffers.push_back(std::move(bytes));
    return true;
  });
  if (!done) return std::move(done).error();
  if (!outcome) return std::move(outcome).error();
  stored.head = next - 1;
  return stored;
}

Result<std::uint64_t> read_indexed_through(SqlReader& reader, std::uint64_t head) {
  auto indexed = reader.first<std::uint64_t>("SELECT value FROM store WHERE key = 'indexed_through'", {});
  if (!indexed) return std::move(indexed).error();
  if (!*indexed) return Error{Errc::corrupt, "table store has no row indexed_through"};
  if (**indexed > head) {
    return Error{Errc::corrupt, fmt::format("indexed through {}, but the log ends at {}", **indexed, head)};
  }
  return **indexed;
}

}  // namespace cairn::log
