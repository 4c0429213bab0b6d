#include "chunk_view.hpp"

#include <limits>
#include <string>

#include <fmt/format.h>

#include <cairn/core/crc32c.hpp>

#include "copy_bytes.hpp"
#include "frame.hpp"

namespace cairn::log {
namespace {

// "Crk2" as a little-endian number.
constexpr std::uint32_t thin_magic = 0x326B7243;

constexpr std::size_t count_at = 4;
constexpr std::size_t previous_crc_at = 8;
constexpr std::size_t crc_at = 12;
constexpr std::size_t link_at = 16;
constexpr std::size_t kept_at = 20;

constexpr std::size_t offset_at(std::uint32_t index) noexcept {
  return thin_chunk_header_bytes + 4 * std::size_t{index};
}

std::uint32_t thin_crc(BytesView body, std::uint64_t number) noexcept {
  std::array<std::byte, sizeof(std::uint64_t)> place{};
  store_little(place.data(), first_position_of(number));
  return crc32c(body.subspan(crc_at + 4), crc32c(body.first(crc_at), crc32c(place)));
}

bool begins_thin(BytesView body) noexcept {
  return body.size() >= sizeof thin_magic && load_little<std::uint32_t>(body.data()) == thin_magic;
}

/// Looks at what is left to be wrong once the checksum holds. Empty when all is well.
std::string problem_of_offsets(BytesView body, std::uint32_t kept) {
  const auto offset = [body](std::uint32_t index) {
    return std::uint64_t{load_little<std::uint32_t>(body.data() + offset_at(index))};
  };
  if (offset(0) != offset_at(kept + 1)) return "its first frame does not follow the offsets";
  for (std::uint32_t index = 0; index < kept; ++index) {
    if (offset(index + 1) <= offset(index) + frame_header_bytes) return fmt::format("frame {} is too short", index);
  }
  if (offset(kept) != body.size()) return "its last frame does not end where the chunk ends";
  return {};
}

Error unreadable(std::uint64_t number, const std::string& problem) {
  return Error{Errc::corrupt, fmt::format("chunk {}: {}", number, problem)}.with("position", first_position_of(number));
}

}  // namespace

Result<KeptSlots> kept_slots(BytesView prefix, std::uint64_t number) {
  if (begins_as_block(prefix)) return KeptSlots::all();
  if (begins_thin(prefix) && prefix.size() >= thin_chunk_header_bytes) return KeptSlots::load(prefix.data() + kept_at);
  return unreadable(number, "its first bytes are not those of a chunk");
}

Result<std::uint32_t> link_of_chunk(BytesView prefix, std::uint64_t number) {
  if (begins_as_block(prefix)) return block_checksum(prefix);
  if (begins_thin(prefix) && prefix.size() >= chunk_link_bytes) {
    return load_little<std::uint32_t>(prefix.data() + link_at);
  }
  return unreadable(number, "its first bytes are not those of a chunk");
}

Result<FrameExtent> extent_of_frame(BytesView prefix, std::size_t size, std::uint64_t number, std::uint32_t slot) {
  const auto kept = kept_slots(prefix, number);
  if (!kept) return kept.error();
  if (!kept->holds(slot)) return FrameExtent{};
  const std::size_t entry = begins_thin(prefix) ? offset_at(kept->before(slot)) : offset_entry(slot);
  if (prefix.size() < entry + 8) return unreadable(number, fmt::format("{} bytes are too few", size));
  const auto begin = load_little<std::uint32_t>(prefix.data() + entry);
  const auto end = load_little<std::uint32_t>(prefix.data() + entry + 4);
  if (end < begin || end - begin < frame_header_bytes || end > size) {
    return unreadable(number, fmt::format("frame of position {} from byte {} to {} of {}",
                                          first_position_of(number) + slot, begin, end, size));
  }
  return FrameExtent{.begin = begin, .size = end - begin};
}

KeptSlots KeptSlots::load(const std::byte* bytes) noexcept {
  KeptSlots slots;
  for (std::size_t word = 0; word < slots.words_.size(); ++word) {
    slots.words_[word] = load_little<std::uint64_t>(bytes + word * sizeof(std::uint64_t));
  }
  return slots;
}

void KeptSlots::store(std::byte* bytes) const noexcept {
  for (std::size_t word = 0; word < words_.size(); ++word) {
    store_little(bytes + word * sizeof(std::uint64_t), words_[word]);
  }
}

void build_thin_chunk(std::uint64_t number, std::uint32_t previous_crc, std::uint32_t link,
                      std::span<const BytesView> frames, Bytes& out) {
  invariant(frames.size() == chunk_events, "a chunk has its slots");
  KeptSlots kept;
  std::size_t size = 0;
  for (std::uint32_t slot = 0; slot < chunk_events; ++slot) {
    if (frames[slot].empty()) continue;
    kept.add(slot);
    size += frames[slot].size();
  }
  std::size_t end = offset_at(kept.count() + 1);
  size += end;
  invariant(size <= std::numeric_limits<std::uint32_t>::max(), "a chunk is smaller than 4 GiB");

  out.resize(size);
  store_little(out.data(), thin_magic);
  store_little(out.data() + count_at, chunk_events);
  store_little(out.data() + previous_crc_at, previous_crc);
  store_little(out.data() + link_at, link);
  kept.store(out.data() + kept_at);
  store_little(out.data() + offset_at(0), static_cast<std::uint32_t>(end));
  std::uint32_t index = 0;
  for (const BytesView frame : frames) {
    if (frame.empty()) continue;
    copy_bytes(frame, out.data() + end);
    end += frame.size();
    store_little(out.data() + offset_at(++index), static_cast<std::uint32_t>(end));
  }
  store_little(out.data() + crc_at, thin_crc(out, number));
}

Result<ChunkView> ChunkView::parse(BytesView body, std::uint64_t number) {
  if (begins_thin(body)) return parse_thin(body, number);
  auto block = parse_chunk(body, number);
  if (!block) return std::move(block).error();
  ChunkView view;
  view.body_ = body;
  view.previous_crc_ = block->previous_crc();
  view.link_ = block->crc();
  return view;
}

Result<ChunkView> ChunkView::parse_thin(BytesView body, std::uint64_t number) {
  const auto refuse = [number](const std::string& problem) {
    return Error{Errc::corrupt, fmt::format("chunk {}, thin: {}", number, problem)}.with("position",
                                                                                         first_position_of(number));
  };
  if (body.size() < offset_at(1)) return refuse(fmt::format("{} bytes are too few", body.size()));
  // Before the checksum, so that what is too large is named and no offset outside the chunk is looked at.
  const auto count = load_little<std::uint32_t>(body.data() + count_at);
  const KeptSlots kept = KeptSlots::load(body.data() + kept_at);
  if (count != chunk_events) return refuse(fmt::format("{} slots, not {}", count, chunk_events));
  if (body.size() < offset_at(kept.count() + 1) + kept.count() * frame_header_bytes) {
    return refuse(fmt::format("{} frames do not fit its {} bytes", kept.count(), body.size()));
  }
  const auto stored = load_little<std::uint32_t>(body.data() + crc_at);
  const std::uint32_t computed = thin_crc(body, number);
  if (stored != computed) return refuse(fmt::format("checksum {:08x}, expected {:08x}", computed, stored));
  if (const std::string problem = problem_of_offsets(body, kept.count()); !problem.empty()) return refuse(problem);
  ChunkView view;
  view.body_ = body;
  view.offsets_at_ = thin_chunk_header_bytes;
  view.whole_ = false;
  view.previous_crc_ = load_little<std::uint32_t>(body.data() + previous_crc_at);
  view.link_ = load_little<std::uint32_t>(body.data() + link_at);
  view.kept_ = kept;
  return view;
}

}  // namespace cairn::log
