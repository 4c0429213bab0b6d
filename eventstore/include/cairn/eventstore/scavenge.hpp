#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

#include <cairn/eventstore/global_position.hpp>

namespace cairn {

/// What a scavenge does, in this order.
enum class ScavengePhase : std::uint8_t {
  log,           ///< takes events out of the log's chunks
  stream_index,  ///< drops index rows of streams that lead to none of their events any more
  postings,      ///< the same for categories, types and tags
  file,          ///< gives free pages back to the file system
};

struct ScavengeProgress {
  ScavengePhase phase = ScavengePhase::log;
  std::uint64_t done = 0;  ///< of `total` in this phase: chunks, stream numbers, thousandths of the keys, pages
  std::uint64_t total = 0;
};

struct ScavengeOptions {
  /// Called between two slices, on the caller's thread.
  std::function<void(const ScavengeProgress&)> on_progress{};
  /// Asked between two slices; scavenge() then returns `cancelled`, and the next call goes on there.
  std::stop_token stop{};
};

/// What one call did.
struct ScavengeReport {
  GlobalPosition looked_through;  ///< events above were left alone
  std::uint64_t events_removed = 0;
  std::uint64_t chunks_rewritten = 0;
  std::uint64_t pages_released = 0;
};

}  // namespace cairn
