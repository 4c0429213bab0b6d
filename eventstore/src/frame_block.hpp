#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <cairn/core/bytes.hpp>
#include <cairn/core/invariant.hpp>
#include <cairn/core/result.hpp>

#include "little_endian.hpp"

namespace cairn::log {

/// A run of frames with an offset table: the body of a `tail` row and of a `chunk` row. docs/format.md, "Block".
inline constexpr std::size_t block_header_bytes = 16;
inline constexpr std::uint32_t chunk_events = 256;

[[nodiscard]] constexpr std::uint64_t chunk_of(std::uint64_t position) noexcept {
  return (position - 1) / chunk_events;
}
[[nodiscard]] constexpr std::uint64_t first_position_of(std::uint64_t chunk) noexcept {
  return chunk * chunk_events + 1;
}
/// Its place within its chunk.
[[nodiscard]] constexpr std::uint32_t slot_of(std::uint64_t position) noexcept {
  return static_cast<std::uint32_t>((position - 1) % chunk_events);
}
/// Offset, within a block, of the two 32-bit numbers that say where frame `index` begins and ends.
[[nodiscard]] constexpr std::size_t offset_entry(std::uint32_t index) noexcept {
  return block_header_bytes + 4 * std::size_t{index};
}

/// Builds a block of `frames` (at least one, under 4 GiB in all) that starts at `first_position`; `previous_crc` is
/// the checksum of the chunk before it (0 for the first). Overwrites `out`. Returns the block's checksum.
std::uint32_t build_block(std::uint64_t first_position, std::uint32_t previous_crc, std::span<const BytesView> frames,
                          Bytes& out);

/// Whether bytes are the beginning of a block.
[[nodiscard]] bool begins_as_block(BytesView bytes) noexcept;

/// The checksum a block's first block_header_bytes carry, unverified.
[[nodiscard]] std::uint32_t block_checksum(BytesView header) noexcept;

/// A block whose header, offsets and checksum were verified; points into the bytes it was parsed from.
class BlockView {
 public:
  /// Errors: corrupt, naming `what` (for example "chunk 7"), the first position and what disagrees.
  [[nodiscard]] static Result<BlockView> parse(BytesView block, std::uint64_t first_position, const char* what);

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint32_t crc() const noexcept { return crc_; }
  [[nodiscard]] std::uint32_t previous_crc() const noexcept { return previous_crc_; }
  /// `index` is below count(). Here and not in the source because replay asks for every frame.
  [[nodiscard]] BytesView frame(std::uint32_t index) const noexcept {
    invariant(index < count_, "frame index below the block's count");
    const std::byte* const entry = block_.data() + offset_entry(index);
    const auto begin = load_little<std::uint32_t>(entry);
    return {block_.data() + begin, load_little<std::uint32_t>(entry + sizeof begin) - begin};
  }

 private:
  BytesView block_;
  std::uint32_t count_ = 0;
  std::uint32_t crc_ = 0;
  std::uint32_t previous_crc_ = 0;
};

/// Parses the body of row `number` of table `chunk`, which has chunk_events frames. Errors: corrupt.
[[nodiscard]] Result<BlockView> parse_chunk(BytesView body, std::uint64_t number);

}  // namespace cairn::log
