#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include <cairn/core/bytes.hpp>
#include <cairn/core/invariant.hpp>
#include <cairn/core/result.hpp>

#include "frame_block.hpp"
#include "little_endian.hpp"

namespace cairn::log {

/// Which slots of a chunk have a frame; all but those whose events scavenge removed.
class KeptSlots {
 public:
  [[nodiscard]] static constexpr KeptSlots all() noexcept {
    KeptSlots every;
    every.words_.fill(~std::uint64_t{0});
    return every;
  }
  [[nodiscard]] constexpr bool holds(std::uint32_t slot) const noexcept {
    return (words_[slot / 64] >> (slot % 64) & 1U) != 0;
  }
  constexpr void add(std::uint32_t slot) noexcept { words_[slot / 64] |= std::uint64_t{1} << (slot % 64); }
  [[nodiscard]] constexpr std::uint32_t count() const noexcept { return before(chunk_events); }
  /// How many of the slots below `slot` have a frame: the place of its own among the offsets.
  [[nodiscard]] constexpr std::uint32_t before(std::uint32_t slot) const noexcept {
    std::uint32_t found = 0;
    for (std::uint32_t word = 0; word < slot / 64; ++word)
      found += static_cast<std::uint32_t>(std::popcount(words_[word]));
    if (slot % 64 == 0) return found;
    const std::uint64_t below = words_[slot / 64] & ((std::uint64_t{1} << (slot % 64)) - 1);
    return found + static_cast<std::uint32_t>(std::popcount(below));
  }
  /// 32 bytes, as docs/format.md has them.
  [[nodiscard]] static KeptSlots load(const std::byte* bytes) noexcept;
  void store(std::byte* bytes) const noexcept;

  friend bool operator==(const KeptSlots&, const KeptSlots&) = default;

 private:
  std::array<std::uint64_t, chunk_events / 64> words_{};
};

/// What stands before the offsets of a thin chunk.
inline constexpr std::size_t thin_chunk_header_bytes = block_header_bytes + 4 + chunk_events / 8;
/// So many bytes of a body, or all of a shorter one, tell where the frame of `slot` is.
[[nodiscard]] constexpr std::size_t chunk_prefix_bytes(std::uint32_t slot) noexcept {
  return thin_chunk_header_bytes + 4 * (std::size_t{slot} + 2);
}

/// Where within a body the frame of a slot is; size 0: the slot has none.
struct FrameExtent {
  std::size_t begin = 0;
  std::size_t size = 0;
};

/// The frame of `slot` in the body of chunk `number`, of which `prefix` is the beginning and `size` the length. Looks
/// at no checksum. Errors: corrupt (no such body).
[[nodiscard]] Result<FrameExtent> extent_of_frame(BytesView prefix, std::size_t size, std::uint64_t number,
                                                  std::uint32_t slot);
/// So many bytes of a body tell its link: what the block after it holds as its previous_crc.
inline constexpr std::size_t chunk_link_bytes = block_header_bytes + 4;
[[nodiscard]] Result<std::uint32_t> link_of_chunk(BytesView prefix, std::uint64_t number);
/// Which slots of that chunk have frames, under the same conditions.
[[nodiscard]] Result<KeptSlots> kept_slots(BytesView prefix, std::uint64_t number);

/// Builds the body of chunk `number` without the frames that are empty in `frames` (chunk_events of them). `link` is
/// that of the body it replaces, and `previous_crc` as well. Overwrites `out`. docs/format.md, "Thin chunk".
void build_thin_chunk(std::uint64_t number, std::uint32_t previous_crc, std::uint32_t link,
                      std::span<const BytesView> frames, Bytes& out);

/// The verified body of a row of table chunk, whole or thin; points into the bytes it was parsed from.
class ChunkView {
 public:
  /// Errors: corrupt, naming the chunk and what disagrees.
  [[nodiscard]] static Result<ChunkView> parse(BytesView body, std::uint64_t number);

  [[nodiscard]] std::uint32_t previous_crc() const noexcept { return previous_crc_; }
  /// What the block after this chunk holds as its previous_crc.
  [[nodiscard]] std::uint32_t link() const noexcept { return link_; }
  [[nodiscard]] const KeptSlots& kept() const noexcept { return kept_; }
  /// The frame of a slot that kept() holds.
  [[nodiscard]] BytesView frame(std::uint32_t slot) const noexcept {
    invariant(slot < chunk_events && kept_.holds(slot), "a slot that has a frame");
    const std::byte* const entry = body_.data() + offsets_at_ + 4 * std::size_t{whole_ ? slot : kept_.before(slot)};
    const auto begin = load_little<std::uint32_t>(entry);
    return {body_.data() + begin, load_little<std::uint32_t>(entry + sizeof begin) - begin};
  }

 private:
  [[nodiscard]] static Result<ChunkView> parse_thin(BytesView body, std::uint64_t number);

  BytesView body_;
  std::size_t offsets_at_ = block_header_bytes;
  bool whole_ = true;
  std::uint32_t previous_crc_ = 0;
  std::uint32_t link_ = 0;
  KeptSlots kept_ = KeptSlots::all();
};

}  // namespace cairn::log
