#pragma once

#include <atomic>
#include <cstdint>

namespace cairn::sql {

/// What DatabaseStatistics is read from: written by the writer, read by any thread.
struct WriterCounters {
  std::atomic<std::uint64_t> groups_committed{0};
  std::atomic<std::uint64_t> units_committed{0};
  std::atomic<std::uint64_t> units_refused{0};
  std::atomic<std::uint64_t> units_over_budget{0};
  std::atomic<std::uint64_t> checkpoints{0};
  std::atomic<std::uint64_t> wal_pages{0};
  std::atomic<std::uint64_t> wal_pages_copied{0};
  std::atomic<std::uint64_t> wal_bytes{0};
  std::atomic<std::uint64_t> wal_bytes_peak{0};
  std::atomic<std::uint64_t> largest_group_bytes{0};
};

/// For counters with one writer.
inline void raise_to(std::atomic<std::uint64_t>& peak, std::uint64_t value) noexcept {
  if (value > peak.load(std::memory_order_relaxed)) peak.store(value, std::memory_order_relaxed);
}
inline void count(std::atomic<std::uint64_t>& counter, std::uint64_t n = 1) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace cairn::sql
