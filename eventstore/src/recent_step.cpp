#include "recent_step.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cairn::log {

void RecentStep::begin() {
  step_.begin();
  frames_.clear();
  external_.clear();
  bytes_ = 0;
}

Result<void> RecentStep::take(std::uint64_t position, BytesView frame) {
  const std::span<std::byte> copy = frames_.allocate(frame.size());
  std::ranges::copy(frame, copy.begin());
  const auto decoded = decode_frame(copy, position);
  if (!decoded) return decoded.error();
  if (auto added = step_.add(position, *decoded); !added) return added;
  bytes_ += frame.size();
  if (decoded->external) {
    bytes_ += decoded->data_size;
    external_.push_back({step_.count() - 1, *decoded});
  }
  return {};
}

Result<std::span<const RecordedEvent>> RecentStep::finish() {
  if (!external_.empty()) {
    if (auto loaded = step_.load_external(external_); !loaded) {
      step_.release_snapshot();
      return std::move(loaded).error();
    }
  }
  step_.release_snapshot();
  return step_.events();
}

void RecentStep::release() {
  frames_.clear();
  step_.buffer().reset(0);
}

Result<FrameView> peek_frame(BytesView frame, std::uint64_t position) {
  const auto decoded = decode_verified_frame(frame);
  if (!decoded) return Error{Errc::corrupt, fmt::format("frame of position {} is malformed in memory", position)};
  return *decoded;
}

}  // namespace cairn::log
