#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <cairn/core/bytes.hpp>

#include "frame_block.hpp"
#include "log_tail.hpp"

namespace cairn::log {

/// The newest full chunks, kept in memory while there are subscriptions: one that is a little behind need not read the
/// file, and all of them share one copy. Never changes; the writer makes another when chunks are sealed.
class RecentLog {
 public:
  struct Limits {
    std::size_t events_max;
    std::size_t bytes_max;
  };

  RecentLog() = default;
  /// What to keep of `before` and of the chunks from position `first` up to `end`, which `all` still has in memory.
  /// The newest that fit the limits.
  RecentLog(const RecentLog& before, const LogSnapshot& all, std::uint64_t first, std::uint64_t end, Limits limits);

  [[nodiscard]] bool empty() const noexcept { return chunks_.empty(); }
  [[nodiscard]] std::uint64_t first_position() const noexcept { return first_position_of(first_chunk_); }
  /// Frame of a position from first_position() to the end of the last chunk.
  [[nodiscard]] BytesView frame(std::uint64_t position) const noexcept;

 private:
  struct Chunk {
    Chunk(const LogSnapshot& all, std::uint64_t first);
    std::array<std::uint32_t, chunk_events + 1> offsets;
    std::unique_ptr<std::byte[]> bytes;
  };

  std::uint64_t first_chunk_ = 0;
  std::vector<std::shared_ptr<const Chunk>> chunks_;
};

/// All that is in memory at one moment.
struct RecentSnapshot {
  LogSnapshot newest{};
  std::shared_ptr<const RecentLog> sealed{};

  [[nodiscard]] std::uint64_t head() const noexcept { return newest.head; }
  [[nodiscard]] std::uint64_t first_position() const noexcept {
    return sealed->empty() ? newest.memory_first() : sealed->first_position();
  }
  [[nodiscard]] BytesView frame(std::uint64_t position) const noexcept {
    return position < newest.memory_first() ? sealed->frame(position) : newest.memory_frame(position);
  }
};

}  // namespace cairn::log
