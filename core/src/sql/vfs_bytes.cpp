#include "sql/vfs_bytes.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace cairn {

VfsBytes::VfsBytes(const VfsBytes& other) : size_{other.size_} {
  blocks_.reserve(other.blocks_.size());
  for (const auto& block : other.blocks_) blocks_.push_back(block ? std::make_unique<Block>(*block) : nullptr);
}

VfsBytes& VfsBytes::operator=(VfsBytes other) noexcept {
  std::swap(blocks_, other.blocks_);
  std::swap(size_, other.size_);
  return *this;
}

std::size_t VfsBytes::read(std::uint64_t offset, std::span<std::byte> out) const noexcept {
  if (offset >= size_) return 0;
  const std::size_t total = std::min<std::uint64_t>(out.size(), size_ - offset);
  for (std::size_t done = 0; done < total;) {
    const std::size_t within = (offset + done) % block_bytes;
    const std::size_t part = std::min(total - done, block_bytes - within);
    const auto& block = blocks_[(offset + done) / block_bytes];
    if (block) {
      std::memcpy(out.data() + done, block->data() + within, part);
    } else {
      std::memset(out.data() + done, 0, part);
    }
    done += part;
  }
  return total;
}

void VfsBytes::write(std::uint64_t offset, BytesView data) {
  const std::uint64_t end = offset + data.size();
  if (end > size_) resize(end);
  for (std::size_t done = 0; done < data.size();) {
    const std::size_t within = (offset + done) % block_bytes;
    const std::size_t part = std::min(data.size() - done, block_bytes - within);
    auto& block = blocks_[(offset + done) / block_bytes];
    if (!block) block = std::make_unique<Block>();
    std::memcpy(block->data() + within, data.data() + done, part);
    done += part;
  }
}

void VfsBytes::resize(std::uint64_t size) {
  blocks_.resize((size + block_bytes - 1) / block_bytes);
  const std::size_t used = size % block_bytes;
  if (size < size_ && used != 0 && blocks_.back()) {
    std::memset(blocks_.back()->data() + used, 0, block_bytes - used);
  }
  size_ = size;
}

Bytes VfsBytes::all() const {
  Bytes content(size_);
  read(0, content);
  return content;
}

}  // namespace cairn
