#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <cairn/core/bytes.hpp>

#include "frame_block.hpp"

namespace cairn::log {

/// The events after the last full chunk, at most 255, kept in memory: where the next chunk is built from and
/// where readers find the newest events. Slots below the head a reader was given never change.
struct LogTail {
  explicit LogTail(std::uint64_t first) : first_position{first} { buffers.reserve(chunk_events); }

  std::uint64_t first_position;
  std::array<BytesView, chunk_events> frames;
  std::vector<std::shared_ptr<const std::byte[]>> buffers;  ///< what `frames` points into; the writer's
};

/// What a read step sees: the log up to `head`. Taken before the step's transaction begins, so that whatever is
/// not in memory is in the tables.
struct LogSnapshot {
  std::uint64_t head = 0;
  std::shared_ptr<const LogTail> tail{};
  /// Inside a unit: frames the open group has appended, from `group_first` on.
  const std::vector<BytesView>* group = nullptr;
  std::uint64_t group_first = 0;

  [[nodiscard]] std::uint64_t memory_first() const noexcept { return tail->first_position; }
  /// Frame of a position from memory_first() to head.
  [[nodiscard]] BytesView memory_frame(std::uint64_t position) const noexcept {
    if (group != nullptr && position >= group_first) return (*group)[position - group_first];
    return tail->frames[position - tail->first_position];
  }
};

}  // namespace cairn::log
