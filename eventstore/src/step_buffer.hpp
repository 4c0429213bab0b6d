#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace cairn::log {

/// Memory that one read step fills and the next one reuses. What was allocated does not move until reset().
class StepBuffer {
 public:
  [[nodiscard]] std::span<std::byte> allocate(std::size_t size) {
    while (block_ < blocks_.size() && blocks_[block_].size - used_ < size) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) {
      const std::size_t block_size = std::max(size, smallest_block);
      blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(block_size), block_size});
      used_ = 0;
    }
    std::byte* const begin = blocks_[block_].bytes.get() + used_;
    used_ += size;
    allocated_ += size;
    return {begin, size};
  }
  /// Everything allocated is free again; memory beyond `keep_bytes` goes back.
  void reset(std::size_t keep_bytes) {
    std::size_t kept = 0;
    std::size_t blocks = 0;
    while (blocks < blocks_.size() && kept + blocks_[blocks].size <= keep_bytes) kept += blocks_[blocks++].size;
    blocks_.resize(blocks);
    block_ = 0;
    used_ = 0;
    allocated_ = 0;
  }
  [[nodiscard]] std::size_t allocated() const noexcept { return allocated_; }

 private:
  static constexpr std::size_t smallest_block = 64U << 10U;

  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };
  std::vector<Block> blocks_;
  std::size_t block_ = 0;
  std::size_t used_ = 0;
  std::size_t allocated_ = 0;
};

}  // namespace cairn::log
