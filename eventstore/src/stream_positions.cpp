#include "stream_positions.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "index_tables.hpp"

namespace cairn::log {

Result<std::vector<std::uint64_t>> stream_positions(SqlReader& reader, const LogSnapshot& snapshot,
                                                    const PendingIndex& pending, const OpenGroup* group,
                                                    std::uint32_t stream, std::uint64_t from, std::uint64_t to,
                                                    std::size_t limit) {
  std::vector<std::uint64_t> positions;
  if (auto read = read_stream_positions(reader, stream, from, to, limit, positions); !read) {
    return std::move(read).error();
  }
  if (positions.size() < limit) {
    const std::uint64_t next = from + positions.size();
    const auto first = pending.stream_positions(stream, next, to, positions);
    if (first && *first != next) {
      return Error{Errc::corrupt,
                   fmt::format("stream index, stream {}: revisions {} to {} are missing", stream, next, *first - 1)};
    }
  }
  if (group != nullptr) {
    for (std::size_t i = 0; i < group->events.size(); ++i) {
      const OpenGroup::Event& event = group->events[i];
      if (event.stream == stream && event.revision == from + positions.size() && event.revision <= to) {
        positions.push_back(snapshot.group_first + i);
      }
    }
  }
  while (!positions.empty() && positions.back() > snapshot.head) positions.pop_back();
  if (positions.size() > limit) positions.resize(limit);
  return positions;
}

Result<std::optional<std::uint64_t>> last_revision(SqlReader& reader, const LogSnapshot& snapshot,
                                                   const PendingIndex& pending, const OpenGroup* group,
                                                   std::uint32_t stream) {
  if (group != nullptr) {
    for (auto event = group->events.rbegin(); event != group->events.rend(); ++event) {
      if (event->stream == stream) return std::optional{event->revision};
    }
  }
  std::optional<std::uint64_t> last = pending.last_revision(stream);
  if (!last) {
    auto indexed = last_indexed_revision(reader, stream);
    if (!indexed || !*indexed) return indexed;
    last = *indexed;
  }
  // Something may have been published, and even indexed, after the snapshot was taken: step back to what it shows.
  for (;; --*last) {
    auto positions = stream_positions(reader, snapshot, pending, group, stream, *last, *last, 1);
    if (!positions) return std::move(positions).error();
    if (!positions->empty()) return last;
    if (*last == 0) return std::optional<std::uint64_t>{};
  }
}

}  // namespace cairn::log
