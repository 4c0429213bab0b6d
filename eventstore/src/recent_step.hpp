#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/recorded_event.hpp>

#include "cursor_step.hpp"
#include "frame.hpp"
#include "frame_arena.hpp"

namespace cairn::log {

/// A step whose events come from memory the log shares. They are copied, so that a slow consumer keeps nothing of it.
class RecentStep {
 public:
  RecentStep(const SqliteLog& log, std::size_t batch_bytes) : step_{log, nullptr, batch_bytes} {}

  void begin();
  [[nodiscard]] const NameTable& types() const noexcept { return step_.types(); }
  [[nodiscard]] const NameTable& categories() const noexcept { return step_.categories(); }
  /// Adds the event of `frame`, verified. Errors: corrupt.
  Result<void> take(std::uint64_t position, BytesView frame);
  [[nodiscard]] bool full() const noexcept { return bytes_ >= step_.step_bytes(); }
  /// Reads payloads that are not in the frames, and hands the events out.
  Result<std::span<const RecordedEvent>> finish();
  void release();

 private:
  CursorStep step_;
  FrameArena frames_;
  std::size_t bytes_ = 0;
  std::vector<CursorStep::External> external_;
};

/// A frame that is in memory, without its checksum looked at. Errors: corrupt.
[[nodiscard]] Result<FrameView> peek_frame(BytesView frame, std::uint64_t position);

}  // namespace cairn::log
