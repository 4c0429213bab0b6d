#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <cairn/core/bytes.hpp>

namespace cairn::log {

/// Memory for the frames of one group: frames never move, and go back to a mark when a savepoint is rolled back.
class FrameArena {
 public:
  struct Mark {
    std::size_t blocks = 0;
    std::size_t used = 0;
  };

  [[nodiscard]] std::span<std::byte> allocate(std::size_t size) {
    if (blocks_.empty() || blocks_.back().size - used_ < size) {
      const std::size_t doubled = blocks_.empty() ? smallest_block : std::min(largest_block, blocks_.back().size * 2);
      const std::size_t block_size = std::max(size, doubled);
      blocks_.push_back({std::make_shared_for_overwrite<std::byte[]>(block_size), block_size});
      used_ = 0;
    }
    std::byte* const begin = blocks_.back().bytes.get() + used_;
    used_ += size;
    return {begin, size};
  }

  [[nodiscard]] Mark mark() const noexcept { return {blocks_.size(), used_}; }
  void rewind(const Mark& mark) {
    blocks_.resize(mark.blocks);
    used_ = mark.used;
  }
  void clear() { rewind({}); }

 private:
  static constexpr std::size_t smallest_block = 4U << 10U;
  static constexpr std::size_t largest_block = 256U << 10U;

  struct Block {
    std::shared_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };

 public:
  /// Every block, for whoever keeps frames beyond the group.
  [[nodiscard]] const std::vector<Block>& blocks() const noexcept { return blocks_; }

 private:
  std::vector<Block> blocks_;
  std::size_t used_ = 0;
};

}  // namespace cairn::log
