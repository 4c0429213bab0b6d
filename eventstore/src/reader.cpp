#include <cairn/eventstore/reader.hpp>

#include "log_cursor.hpp"

namespace cairn {

Reader::Reader(std::unique_ptr<detail::LogCursor> cursor) noexcept : cursor_{std::move(cursor)} {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<std::span<const RecordedEvent>> Reader::next() { return cursor_->next(); }

GlobalPosition Reader::scanned_through() const noexcept { return cursor_->scanned_through(); }

std::optional<Revision> Reader::truncated_before() const noexcept { return cursor_->truncated_before(); }

std::optional<Revision> Reader::stream_head() const noexcept { return cursor_->stream_head(); }

Result<std::vector<OwnedEvent>> Reader::collect() {
  std::vector<OwnedEvent> events;
  auto done = for_each([&](const RecordedEvent& event) { events.emplace_back(event); });
  if (!done) return std::move(done).error();
  return events;
}

}  // namespace cairn
