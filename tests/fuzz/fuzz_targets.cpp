#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include <cairn/core/crc32c.hpp>
#include <cairn/core/utf8.hpp>
#include <cairn/core/uuid.hpp>
#include <cairn/eventstore/recorded_event.hpp>
#include <cairn/eventstore/stream_id.hpp>

#include "chunk_view.hpp"
#include "frame.hpp"
#include "frame_block.hpp"
#include "fuzz/fuzz_target.hpp"
#include "little_endian.hpp"
#include "metadata_codec.hpp"
#include "posting_codec.hpp"

namespace cairn::test {
namespace {

using namespace cairn::log;

constexpr std::uint64_t first_position = 257;

bool is_within(BytesView part, BytesView whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

std::string complaint_about(const FrameView& frame, BytesView input) {
  if (!is_within(as_bytes(frame.stream_name), input)) return "the stream's name lies outside the frame";
  if (!is_within(frame.metadata, input) || !is_within(frame.data, input)) return "a part lies outside the frame";
  const std::size_t parts = frame.stream_name.size() + frame.metadata.size() + frame.data.size();
  return parts + frame_header_bytes == input.size() ? "" : "the parts do not fill the frame";
}

/// With a checksum that is right, so that what lies behind it is reached.
Bytes with_frame_checksum(BytesView input, std::uint64_t position) {
  Bytes frame{input.begin(), input.end()};
  if (frame.size() < frame_header_bytes) return frame;
  std::array<std::byte, sizeof position> seed{};
  store_little(seed.data(), position);
  store_little(frame.data(), crc32c(BytesView{frame}.subspan(sizeof(std::uint32_t)), crc32c(seed)));
  return frame;
}

std::string frame(BytesView input) {
  if (const auto view = decode_verified_frame(input)) {
    if (auto wrong = complaint_about(*view, input); !wrong.empty()) return wrong;
  }
  (void)decode_frame(input, first_position);
  const Bytes checked = with_frame_checksum(input, first_position);
  const auto view = decode_frame(checked, first_position);
  return view ? complaint_about(*view, checked) : "";
}

Bytes with_block_checksum(BytesView input) {
  Bytes block{input.begin(), input.end()};
  if (block.size() < block_header_bytes) return block;
  std::array<std::byte, sizeof first_position> place{};
  store_little(place.data(), first_position);
  const BytesView bytes{block};
  constexpr std::size_t crc_at = 12;
  const std::uint32_t crc = crc32c(bytes.subspan(block_header_bytes), crc32c(bytes.first(crc_at), crc32c(place)));
  store_little(block.data() + crc_at, crc);
  return block;
}

std::string block(BytesView input) {
  (void)BlockView::parse(input, first_position, "fuzz");
  const Bytes checked = with_block_checksum(input);
  (void)parse_chunk(checked, chunk_of(first_position));
  const auto view = BlockView::parse(checked, first_position, "fuzz");
  if (!view) return "";
  for (std::uint32_t i = 0; i < view->count(); ++i) {
    const BytesView one = view->frame(i);
    if (!is_within(one, checked)) return "a frame lies outside the block";
    if (auto wrong = frame(one); !wrong.empty()) return wrong;
  }
  return "";
}

/// A thin chunk's frames, by the whole of it and by its beginning alone.
std::string chunk(BytesView input) {
  constexpr std::uint64_t number = chunk_of(first_position);
  (void)ChunkView::parse(input, number);
  for (std::uint32_t slot = 0; slot < chunk_events; ++slot) {
    const auto extent =
        extent_of_frame(input.first(std::min(input.size(), chunk_prefix_bytes(slot))), input.size(), number, slot);
    if (extent && extent->begin + extent->size > input.size()) return "a frame lies outside the chunk";
  }
  // Its checksum covers what a block's does.
  const Bytes checked = with_block_checksum(input);
  const auto view = ChunkView::parse(checked, number);
  if (!view) return "";
  for (std::uint32_t slot = 0; slot < chunk_events; ++slot) {
    if (!view->kept().holds(slot)) continue;
    const BytesView one = view->frame(slot);
    const auto extent = extent_of_frame(checked, checked.size(), number, slot);
    if (!extent || checked.data() + extent->begin != one.data()) return "its beginning leads to another frame";
    if (!is_within(one, checked)) return "a frame lies outside the chunk";
    if (auto wrong = frame(one); !wrong.empty()) return wrong;
  }
  return "";
}

std::string metadata(BytesView input) {
  const MetadataView view{input};
  (void)view.correlation_id();
  (void)view.causation_id();
  (void)view.occurred_at();
  (void)view.has_tag("a");
  (void)view.header("a");
  (void)view.to_owned();
  const auto decoded = decode_metadata(input);
  if (!decoded) return "";
  Bytes again;
  if (auto encoded = encode_metadata(*decoded, again); !encoded) return encoded.error().to_string();
  return std::ranges::equal(again, input) ? "" : "what was decoded is encoded otherwise";
}

std::string positions(BytesView input) {
  constexpr std::uint64_t base = 7;
  std::vector<std::uint64_t> decoded{1, 2, 3};
  if (!decode_positions(base, input, 512, decoded)) {
    return decoded.size() == 3 ? "" : "refused, but something was added";
  }
  const std::span<const std::uint64_t> added = std::span{decoded}.subspan(3);
  Bytes again;
  encode_positions(base, added, again);
  return std::ranges::equal(again, input) ? "" : "what was decoded is encoded otherwise";
}

std::string stream_id(BytesView input) {
  const std::string_view text = as_text(input);
  const auto parsed = StreamId::parse(text);
  const bool fits =
      !text.empty() && text.size() <= StreamId::size_max && !find_invalid_utf8(text) && !find_control_character(text);
  if (parsed.has_value() != fits) return "taken and refused against the rule";
  if (!parsed) return parsed.error().message().empty() ? "refused without a word" : "";
  return parsed->text() == text && text.starts_with(parsed->category()) ? "" : "the name is another";
}

std::string uuid(BytesView input) {
  const auto parsed = Uuid::parse(as_text(input));
  if (!parsed) return "";
  const auto again = Uuid::parse(parsed->to_string());
  return again && *again == *parsed ? "" : "its own text is another id";
}

constexpr std::array targets{
    FuzzTarget{"block", block},       FuzzTarget{"chunk", chunk},         FuzzTarget{"frame", frame},
    FuzzTarget{"metadata", metadata}, FuzzTarget{"positions", positions}, FuzzTarget{"stream_id", stream_id},
    FuzzTarget{"uuid", uuid},
};

}  // namespace

std::span<const FuzzTarget> fuzz_targets() { return targets; }

}  // namespace cairn::test
