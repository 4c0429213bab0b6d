#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <cairn/core/bytes.hpp>
#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/uuid.hpp>
#include <cairn/eventstore/new_event.hpp>

namespace cairn::log {

/// One event as stored: docs/format.md, "Frame".
inline constexpr std::size_t frame_header_bytes = 64;
/// Data above this goes to a row of its own, so that chunks stay small enough to copy in one step. A writer's
/// choice: a reader goes by the frame's flag.
inline constexpr std::size_t inline_data_bytes_max = 16U << 10U;

/// The fields only the writer knows, patched into a frame that the appending thread encoded.
struct FramePlace {
  std::uint64_t position;
  std::uint64_t revision;
  std::uint32_t stream;  ///< number of the stream in table `stream`
  std::uint32_t type;    ///< number of the type in table `event_type`
  Timestamp recorded_at;
};

/// Decoded view of one frame; points into the bytes it was decoded from.
struct FrameView {
  std::uint64_t revision;
  std::uint32_t stream;
  std::uint32_t type;
  std::uint32_t schema_version;
  std::uint32_t data_size;  ///< of the payload, wherever it is
  std::uint32_t data_crc;   ///< of an external payload; 0 otherwise
  ContentType content_type;
  bool external;  ///< the payload is in table `payload`; `data` is empty
  Timestamp recorded_at;
  Uuid id;
  std::string_view stream_name;
  BytesView metadata;
  BytesView data;
};

/// Bytes the frame of this event takes, external data not counted.
[[nodiscard]] std::size_t frame_size(std::string_view stream_name, std::size_t metadata_size,
                                     std::size_t data_size) noexcept;

/// Appends the frame of `event` to `out`, with the place still zero and no checksum.
/// `metadata` is encode_metadata(event.metadata). The caller has checked the limits.
void encode_frame(std::string_view stream_name, const NewEvent& event, BytesView metadata, Bytes& out);

/// Fills in the place and the checksum of an encoded frame.
void place_frame(std::span<std::byte> frame, const FramePlace& place) noexcept;

/// Reads `frame` (exactly one frame, from a source that was not verified) and checks everything: the sizes against
/// frame.size(), the checksum against `position`, the bits that must be zero.
/// Errors: corrupt, naming position and what disagrees.
[[nodiscard]] Result<FrameView> decode_frame(BytesView frame, std::uint64_t position);

/// The same for bytes whose block checksum was verified already: only sizes and flags are checked, so that nothing
/// outside `frame` is ever read nor taken for what it is not; nothing when they disagree. A few nanoseconds; this is
/// the way of replay.
[[nodiscard]] std::optional<FrameView> decode_verified_frame(BytesView frame) noexcept;

}  // namespace cairn::log
