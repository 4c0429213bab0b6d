#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/sql_reader.hpp>

#include "chunk_view.hpp"
#include "frame.hpp"
#include "log_tail.hpp"
#include "step_buffer.hpp"

namespace cairn::log {

/// Frame of a position in memory; copied to `buffer` when it belongs to an open group, which may be rolled back.
[[nodiscard]] BytesView memory_frame(const LogSnapshot& snapshot, std::uint64_t position, StepBuffer& buffer);

/// Brings frames and chunks into memory within one transaction. What it returns points into `buffer` or into the
/// snapshot, and outlives the transaction.
class LogFetch {
 public:
  LogFetch(SqlReader& reader, const LogSnapshot& snapshot, StepBuffer& buffer) noexcept
      : reader_{reader}, snapshot_{snapshot}, buffer_{buffer} {}

  /// The whole body of chunk `number`, not verified: ChunkView::parse does that, after the transaction.
  /// Errors: corrupt when the chunk is missing.
  Result<BytesView> chunk(std::uint64_t number);
  /// The frame at `position` (1 to the snapshot's head), verified; nothing when scavenge removed it.
  Result<std::optional<FrameView>> frame(std::uint64_t position);
  /// The same where something else says that the event is kept. Errors: corrupt, also when it was removed.
  Result<FrameView> kept_frame(std::uint64_t position);
  /// What frame() finds at `positions` (ascending or descending), in that order. Where many fall on one chunk the chunk
  /// is read whole.
  Result<void> frames(std::span<const std::uint64_t> positions, std::vector<std::optional<FrameView>>& out);
  /// Fills in the data of a frame whose payload has a row of its own. Errors: corrupt (missing or damaged).
  Result<void> load_external(std::uint64_t position, FrameView& frame);
  /// The same in a transaction after the one that read the frame; false when the event was removed in between.
  Result<bool> load_external_later(std::uint64_t position, FrameView& frame);
  /// Which slots of chunk `number` have frames. Errors: corrupt when the chunk is missing.
  Result<KeptSlots> kept_slots(std::uint64_t number);

 private:
  Result<std::optional<FrameView>> frame_in_chunk(std::uint64_t position);
  /// The first `bytes` of a chunk's body, or all of a shorter one, and the body's size.
  Result<BytesView> chunk_prefix(std::uint64_t number, std::size_t bytes, std::size_t& size);

  SqlReader& reader_;
  const LogSnapshot& snapshot_;
  StepBuffer& buffer_;
  std::array<std::byte, chunk_prefix_bytes(chunk_events - 1)> prefix_;
};

}  // namespace cairn::log
