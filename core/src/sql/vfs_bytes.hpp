#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <cairn/core/bytes.hpp>

namespace cairn {

/// The content of a file: bytes that grow without being moved. Bytes never written are zero. A copy is deep.
class VfsBytes {
 public:
  VfsBytes() = default;
  VfsBytes(const VfsBytes& other);
  VfsBytes(VfsBytes&&) noexcept = default;
  VfsBytes& operator=(VfsBytes other) noexcept;
  ~VfsBytes() = default;

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Copies what there is from `offset` on and returns how many bytes that was; the rest of `out` is untouched.
  std::size_t read(std::uint64_t offset, std::span<std::byte> out) const noexcept;
  void write(std::uint64_t offset, BytesView data);
  void resize(std::uint64_t size);
  [[nodiscard]] Bytes all() const;

 private:
  static constexpr std::size_t block_bytes = std::size_t{64} << 10U;
  using Block = std::array<std::byte, block_bytes>;

  /// Null is a block of zeros. Bytes beyond size_ are zero in every block.
  std::vector<std::unique_ptr<Block>> blocks_;
  std::uint64_t size_ = 0;
};

}  // namespace cairn
