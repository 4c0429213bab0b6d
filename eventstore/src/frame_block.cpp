#include "frame_block.hpp"

#include <array>
#include <limits>
#include <string>

#include <fmt/format.h>

#include <cairn/core/crc32c.hpp>

#include "copy_bytes.hpp"
#include "frame.hpp"

namespace cairn::log {
namespace {

// "Crk1" as a little-endian number.
constexpr std::uint32_t magic = 0x316B7243;

constexpr std::size_t magic_at = 0;
constexpr std::size_t count_at = 4;
constexpr std::size_t previous_crc_at = 8;
constexpr std::size_t crc_at = 12;

std::uint32_t block_crc(BytesView block, std::uint64_t first_position) noexcept {
  std::array<std::byte, sizeof first_position> place{};
  store_little(place.data(), first_position);
  return crc32c(block.subspan(block_header_bytes), crc32c(block.first(crc_at), crc32c(place)));
}

std::uint32_t offset_of(BytesView block, std::uint32_t index) noexcept {
  return load_little<std::uint32_t>(block.data() + offset_entry(index));
}

/// Looks at what is left to be wrong once the checksum holds. Empty when all is well.
std::string problem_of_offsets(BytesView block, std::uint32_t count) {
  if (offset_of(block, 0) != offset_entry(count + 1)) return "its first frame does not follow the offsets";
  for (std::uint32_t index = 0; index < count; ++index) {
    const std::uint64_t begin = offset_of(block, index);
    if (offset_of(block, index + 1) <= begin + frame_header_bytes) return fmt::format("frame {} is too short", index);
  }
  if (offset_of(block, count) != block.size()) return "its last frame does not end where the block ends";
  return {};
}

}  // namespace

std::uint32_t build_block(std::uint64_t first_position, std::uint32_t previous_crc, std::span<const BytesView> frames,
                          Bytes& out) {
  invariant(!frames.empty() && frames.size() < std::numeric_limits<std::uint32_t>::max() / sizeof(std::uint32_t),
            "a block holds at least one frame and its offsets fit 32 bits");
  const auto count = static_cast<std::uint32_t>(frames.size());
  std::size_t size = offset_entry(count + 1);
  for (const BytesView frame : frames) size += frame.size();
  invariant(size <= std::numeric_limits<std::uint32_t>::max(), "a block is smaller than 4 GiB");

  out.resize(size);
  store_little(out.data() + magic_at, magic);
  store_little(out.data() + count_at, count);
  store_little(out.data() + previous_crc_at, previous_crc);
  std::size_t end = offset_entry(count + 1);
  store_little(out.data() + offset_entry(0), static_cast<std::uint32_t>(end));
  for (std::uint32_t index = 0; index < count; ++index) {
    copy_bytes(frames[index], out.data() + end);
    end += frames[index].size();
    store_little(out.data() + offset_entry(index + 1), static_cast<std::uint32_t>(end));
  }
  const std::uint32_t crc = block_crc(out, first_position);
  store_little(out.data() + crc_at, crc);
  return crc;
}

bool begins_as_block(BytesView bytes) noexcept {
  return bytes.size() >= block_header_bytes && load_little<std::uint32_t>(bytes.data() + magic_at) == magic;
}

std::uint32_t block_checksum(BytesView header) noexcept {
  invariant(header.size() >= block_header_bytes, "a block's whole header is looked at");
  return load_little<std::uint32_t>(header.data() + crc_at);
}

Result<BlockView> BlockView::parse(BytesView block, std::uint64_t first_position, const char* what) {
  const auto refuse = [what, first_position](std::string_view problem) {
    return Error{Errc::corrupt, fmt::format("{} from event {} on: {}", what, first_position, problem)}.with(
        "position", first_position);
  };
  if (block.size() < block_header_bytes) return refuse(fmt::format("{} bytes are too few for a block", block.size()));
  if (const auto found = load_little<std::uint32_t>(block.data() + magic_at); found != magic) {
    return refuse(fmt::format("begins with {:08x} where a block begins with {:08x}", found, magic));
  }
  // Before the checksum, so that a count gone wrong is named and no offset outside the block is looked at.
  const auto count = load_little<std::uint32_t>(block.data() + count_at);
  if (count == 0 || count > (block.size() - block_header_bytes) / (sizeof(std::uint32_t) + frame_header_bytes)) {
    return refuse(fmt::format("{} frames do not fit its {} bytes", count, block.size()));
  }
  const std::uint32_t stored = block_checksum(block);
  const std::uint32_t computed = block_crc(block, first_position);
  if (stored != computed) return refuse(fmt::format("checksum {:08x}, expected {:08x}", computed, stored));
  if (const std::string problem = problem_of_offsets(block, count); !problem.empty()) return refuse(problem);
  BlockView view;
  view.block_ = block;
  view.count_ = count;
  view.crc_ = stored;
  view.previous_crc_ = load_little<std::uint32_t>(block.data() + previous_crc_at);
  return view;
}

Result<BlockView> parse_chunk(BytesView body, std::uint64_t number) {
  auto block = BlockView::parse(body, first_position_of(number), "chunk");
  if (block && block->count() != chunk_events) {
    return Error{Errc::corrupt, fmt::format("chunk {} has {} frames, not {}", number, block->count(), chunk_events)};
  }
  return block;
}

}  // namespace cairn::log
