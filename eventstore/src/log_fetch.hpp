#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/sql_reader.hpp>

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

  /// The whole body of chunk `number`, not verified: BlockView::parse does that, after the transaction.
  /// Errors: corrupt when the chunk is missing.
  Result<BytesView> chunk(std::uint64_t number);
  /// The frame at `position` (1 to the snapshot's head), verified.
  Result<FrameView> frame(std::uint64_t position);
  /// The frames at `positions` (ascending or descending), in that order, verified. Where many fall on one chunk
  /// the chunk is read whole.
  Result<void> frames(std::span<const std::uint64_t> positions, std::vector<FrameView>& out);
  /// Fills in the data of a frame whose payload has a row of its own. Errors: corrupt (missing or damaged).
  Result<void> load_external(std::uint64_t position, FrameView& frame);

 private:
  Result<FrameView> frame_in_chunk(std::uint64_t position);

  SqlReader& reader_;
  const LogSnapshot& snapshot_;
  StepBuffer& buffer_;
};

}  // namespace cairn::log
