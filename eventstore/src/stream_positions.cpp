#include "stream_positions.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "index_tables.hpp"

namespace cairn::log {

Result<std::vector<std::uint64_t>> stream_positions(const StreamIndex& index, std::uint64_t from, std::uint64_t to,
                                                    std::size_t limit) {
  std::vector<std::uint64_t> positions;
  if (auto read = read_stream_positions(index.reader, index.stream, from, to, limit, positions); !read) {
    return std::move(read).error();
  }
  if (positions.size() < limit) {
    const std::uint64_t next = from + positions.size();
    const auto first = index.pending.stream_positions(index.stream, next, to, positions);
    if (first && *first != next) {
      return Error{Errc::corrupt, fmt::format("stream index, stream {}: revisions {} to {} are missing", index.stream,
                                              next, *first - 1)};
    }
  }
  if (index.group != nullptr) {
    for (std::size_t i = 0; i < index.group->events.size(); ++i) {
      const OpenGroup::Event& event = index.group->events[i];
      if (event.stream == index.stream && event.revision == from + positions.size() && event.revision <= to) {
        positions.push_back(index.snapshot.group_first + i);
      }
    }
  }
  while (!positions.empty() && positions.back() > index.snapshot.head) positions.pop_back();
  if (positions.size() > limit) positions.resize(limit);
  return positions;
}

Result<std::optional<std::uint64_t>> last_revision(const StreamIndex& index) {
  if (index.group != nullptr) {
    for (auto event = index.group->events.rbegin(); event != index.group->events.rend(); ++event) {
      if (event->stream == index.stream) return std::optional{event->revision};
    }
  }
  std::optional<std::uint64_t> last = index.pending.last_revision(index.stream);
  if (!last) {
    auto indexed = last_indexed_revision(index.reader, index.stream);
    if (!indexed || !*indexed) return indexed;
    last = *indexed;
  }
  // Something may have been published, and even indexed, after the snapshot was taken: step back to what it shows.
  for (;; --*last) {
    auto positions = stream_positions(index, *last, *last, 1);
    if (!positions) return std::move(positions).error();
    if (!positions->empty()) return last;
    if (*last == 0) return std::optional<std::uint64_t>{};
  }
}

Result<std::uint64_t> first_young(const StreamIndex& index, LogFetch& fetch, const StoredRetention& retention,
                                  Timestamp now, std::uint64_t first, std::uint64_t next) {
  // The usual case is that nothing is too old: ask the first one first.
  for (std::uint64_t asked = first; first < next; asked = first + (next - first) / 2) {
    auto position = stream_positions(index, asked, asked, 1);
    if (!position) return std::move(position).error();
    if (position->empty()) {
      return Error{Errc::corrupt, fmt::format("stream index, stream {}: revision {} is missing", index.stream, asked)};
    }
    auto frame = fetch.kept_frame(position->front());
    if (!frame) return std::move(frame).error();
    if (retention.is_too_old(frame->recorded_at, now)) {
      first = asked + 1;
    } else {
      next = asked;
    }
  }
  return first;
}

}  // namespace cairn::log
