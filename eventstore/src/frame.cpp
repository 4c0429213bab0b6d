#include "frame.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include <cairn/core/crc32c.hpp>
#include <cairn/core/invariant.hpp>

#include "copy_bytes.hpp"
#include "little_endian.hpp"

namespace cairn::log {
namespace {

// Offsets of docs/format.md, "Frame".
constexpr std::size_t crc_at = 0;
constexpr std::size_t data_size_at = 4;
constexpr std::size_t metadata_size_at = 8;
constexpr std::size_t stream_size_at = 10;
constexpr std::size_t flags_at = 11;
constexpr std::size_t content_type_at = 12;
constexpr std::size_t zero_at = 13;
constexpr std::size_t stream_at = 16;
constexpr std::size_t type_at = 20;
constexpr std::size_t schema_version_at = 24;
constexpr std::size_t data_crc_at = 28;
constexpr std::size_t revision_at = 32;
constexpr std::size_t recorded_at_at = 40;
constexpr std::size_t id_at = 48;

constexpr std::uint8_t external_flag = 1;

bool goes_external(std::size_t data_size) noexcept { return data_size > inline_data_bytes_max; }

/// The position is not stored but seeds the checksum, so that a frame in another place does not pass.
std::uint32_t frame_crc(BytesView frame, std::uint64_t position) noexcept {
  std::array<std::byte, sizeof position> seed{};
  store_little(seed.data(), position);
  return crc32c(frame.subspan(sizeof(std::uint32_t)), crc32c(seed));
}

}  // namespace

std::size_t frame_size(std::string_view stream_name, std::size_t metadata_size, std::size_t data_size) noexcept {
  return frame_header_bytes + stream_name.size() + metadata_size + (goes_external(data_size) ? 0 : data_size);
}

void encode_frame(std::string_view stream_name, const NewEvent& event, BytesView metadata, Bytes& out) {
  invariant(!stream_name.empty() && stream_name.size() <= std::numeric_limits<std::uint8_t>::max(),
            "stream name within its limit");
  invariant(metadata.size() <= event_metadata_bytes_max, "metadata within its limit");
  invariant(event.data.size() <= event_data_bytes_max, "data within its limit");

  const bool external = goes_external(event.data.size());
  const std::size_t begin = out.size();
  out.resize(begin + frame_size(stream_name, metadata.size(), event.data.size()));  // zeros
  std::byte* const header = out.data() + begin;
  store_little(header + data_size_at, static_cast<std::uint32_t>(event.data.size()));
  store_little(header + metadata_size_at, static_cast<std::uint16_t>(metadata.size()));
  store_little(header + stream_size_at, static_cast<std::uint8_t>(stream_name.size()));
  store_little(header + flags_at, external ? external_flag : std::uint8_t{0});
  store_little(header + content_type_at, static_cast<std::uint8_t>(event.content_type));
  store_little(header + schema_version_at, event.schema_version);
  store_little(header + data_crc_at, external ? crc32c(event.data) : 0U);
  copy_bytes(event.id.bytes(), header + id_at);

  std::byte* end = copy_bytes(as_bytes(stream_name), header + frame_header_bytes);
  end = copy_bytes(metadata, end);
  if (!external) copy_bytes(event.data, end);
}

void place_frame(std::span<std::byte> frame, const FramePlace& place) noexcept {
  invariant(frame.size() > frame_header_bytes, "an encoded frame is placed");
  std::byte* const header = frame.data();
  store_little(header + stream_at, place.stream);
  store_little(header + type_at, place.type);
  store_little(header + revision_at, place.revision);
  store_little(header + recorded_at_at, std::int64_t{place.recorded_at.time_since_epoch().count()});
  store_little(header + crc_at, frame_crc(frame, place.position));
}

std::optional<FrameView> decode_verified_frame(BytesView frame) noexcept {
  if (frame.size() < frame_header_bytes) return std::nullopt;
  const std::byte* const header = frame.data();
  const auto data_size = load_little<std::uint32_t>(header + data_size_at);
  const std::size_t metadata_size = load_little<std::uint16_t>(header + metadata_size_at);
  const std::size_t stream_size = load_little<std::uint8_t>(header + stream_size_at);
  const auto flags = load_little<std::uint8_t>(header + flags_at);
  const bool external = flags == external_flag;
  const std::size_t inline_size = external ? 0 : data_size;
  if (flags > external_flag || stream_size == 0 ||
      frame.size() != frame_header_bytes + stream_size + metadata_size + inline_size) {
    return std::nullopt;
  }

  std::array<std::byte, Uuid::size> id;  // filled by the next line
  std::memcpy(id.data(), header + id_at, id.size());
  const std::byte* const body = header + frame_header_bytes;
  return FrameView{
      .revision = load_little<std::uint64_t>(header + revision_at),
      .stream = load_little<std::uint32_t>(header + stream_at),
      .type = load_little<std::uint32_t>(header + type_at),
      .schema_version = load_little<std::uint32_t>(header + schema_version_at),
      .data_size = data_size,
      .data_crc = load_little<std::uint32_t>(header + data_crc_at),
      .content_type = static_cast<ContentType>(load_little<std::uint8_t>(header + content_type_at)),
      .external = external,
      .recorded_at = Timestamp{std::chrono::microseconds{load_little<std::int64_t>(header + recorded_at_at)}},
      .id = Uuid{id},
      .stream_name = as_text(BytesView{body, stream_size}),
      .metadata = BytesView{body + stream_size, metadata_size},
      .data = BytesView{body + stream_size + metadata_size, inline_size},
  };
}

Result<FrameView> decode_frame(BytesView frame, std::uint64_t position) {
  const auto refuse = [position](std::string_view problem) {
    return Error{Errc::corrupt, fmt::format("event {}: {}", position, problem)}.with("position", position);
  };
  const auto view = decode_verified_frame(frame);
  if (!view) {
    return refuse(fmt::format("its frame of {} bytes has other sizes inside, or flags nobody knows", frame.size()));
  }

  const auto stored = load_little<std::uint32_t>(frame.data() + crc_at);
  const std::uint32_t computed = frame_crc(frame, position);
  if (stored != computed) return refuse(fmt::format("checksum {:08x}, expected {:08x}", computed, stored));

  const BytesView zero = frame.subspan(zero_at, stream_at - zero_at);
  if (std::ranges::any_of(zero, [](std::byte byte) { return byte != std::byte{0}; })) {
    return refuse("bytes set that must be zero");
  }
  if (!view->external && view->data_crc != 0) return refuse("a payload checksum without an external payload");
  return *view;
}

}  // namespace cairn::log
