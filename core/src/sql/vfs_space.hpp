#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>

namespace cairn {

/// The free space of a MemoryVfs. Thread-safe.
class VfsSpace {
 public:
  /// Takes up to `wanted` bytes and returns how many there were.
  [[nodiscard]] std::uint64_t take(std::uint64_t wanted) noexcept {
    std::uint64_t used = used_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t limit = limit_.load(std::memory_order_relaxed);
      const std::uint64_t granted = std::min(wanted, limit > used ? limit - used : 0);
      if (used_.compare_exchange_weak(used, used + granted, std::memory_order_relaxed)) return granted;
    }
  }
  /// Takes bytes that are there already, limit or not.
  void force(std::uint64_t bytes) noexcept { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void give(std::uint64_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  void set_limit(std::uint64_t bytes) noexcept { limit_.store(bytes, std::memory_order_relaxed); }

  static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

 private:
  std::atomic<std::uint64_t> used_{0};
  std::atomic<std::uint64_t> limit_{unlimited};
};

}  // namespace cairn
