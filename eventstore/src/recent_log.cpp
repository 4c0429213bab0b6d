#include "recent_log.hpp"

#include <algorithm>

namespace cairn::log {

RecentLog::Chunk::Chunk(const LogSnapshot& all, std::uint64_t first) {
  offsets[0] = 0;
  for (std::uint32_t i = 0; i < chunk_events; ++i) {
    offsets[i + 1] = offsets[i] + static_cast<std::uint32_t>(all.memory_frame(first + i).size());
  }
  bytes = std::make_unique_for_overwrite<std::byte[]>(offsets[chunk_events]);
  for (std::uint32_t i = 0; i < chunk_events; ++i) {
    std::ranges::copy(all.memory_frame(first + i), bytes.get() + offsets[i]);
  }
}

RecentLog::RecentLog(const RecentLog& before, const LogSnapshot& all, std::uint64_t first, std::uint64_t end,
                     Limits limits)
    : first_chunk_{chunk_of(end)} {
  std::size_t bytes = 0;
  const auto keep = [&](std::shared_ptr<const Chunk> chunk) {
    bytes += chunk->offsets[chunk_events] + sizeof(Chunk);
    if (bytes > limits.bytes_max || (chunks_.size() + 1) * chunk_events > limits.events_max) return false;
    chunks_.push_back(std::move(chunk));
    --first_chunk_;
    return true;
  };
  bool room = true;
  for (std::uint64_t next = end; next > first && room; next -= chunk_events) {
    room = keep(std::make_shared<const Chunk>(all, next - chunk_events));
  }
  for (auto chunk = before.chunks_.rbegin(); chunk != before.chunks_.rend() && room; ++chunk) room = keep(*chunk);
  std::ranges::reverse(chunks_);
}

BytesView RecentLog::frame(std::uint64_t position) const noexcept {
  const Chunk& chunk = *chunks_[chunk_of(position) - first_chunk_];
  const auto index = static_cast<std::uint32_t>((position - 1) % chunk_events);
  return {chunk.bytes.get() + chunk.offsets[index], chunk.offsets[index + 1] - chunk.offsets[index]};
}

}  // namespace cairn::log
