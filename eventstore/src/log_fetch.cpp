#include "log_fetch.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <cairn/core/crc32c.hpp>

#include "frame_block.hpp"
#include "little_endian.hpp"

namespace cairn::log {

namespace {

/// From this many frames of one chunk on, copying it whole is cheaper than reading them one by one.
constexpr std::size_t whole_chunk_frames = 24;

Error missing_chunk(std::uint64_t number, const Error& cause) {
  if (cause.code() != Errc::not_found) return cause;
  return Error{Errc::corrupt, fmt::format("chunk {} (positions {} to {}) is missing", number, first_position_of(number),
                                          first_position_of(number + 1) - 1)};
}

}  // namespace

BytesView memory_frame(const LogSnapshot& snapshot, std::uint64_t position, StepBuffer& buffer) {
  const BytesView frame = snapshot.memory_frame(position);
  if (snapshot.group == nullptr || position < snapshot.group_first) return frame;
  const std::span<std::byte> copy = buffer.allocate(frame.size());
  std::copy(frame.begin(), frame.end(), copy.begin());
  return copy;
}

Result<BytesView> LogFetch::chunk(std::uint64_t number) {
  const auto rowid = static_cast<std::int64_t>(number);
  const auto size = reader_.blob_size("chunk", "body", rowid);
  if (!size) return missing_chunk(number, size.error());
  const std::span<std::byte> body = buffer_.allocate(*size);
  if (auto read = reader_.read_blob("chunk", "body", rowid, 0, body); !read) return missing_chunk(number, read.error());
  return BytesView{body};
}

Result<FrameView> LogFetch::frame(std::uint64_t position) {
  if (position >= snapshot_.memory_first()) return decode_frame(memory_frame(snapshot_, position, buffer_), position);
  return frame_in_chunk(position);
}

Result<FrameView> LogFetch::frame_in_chunk(std::uint64_t position) {
  const std::uint64_t number = chunk_of(position);
  const auto rowid = static_cast<std::int64_t>(number);
  const auto index = static_cast<std::uint32_t>((position - 1) % chunk_events);
  const auto size = reader_.blob_size("chunk", "body", rowid);
  if (!size) return missing_chunk(number, size.error());
  std::array<std::byte, 8> bounds;
  if (*size < offset_entry(index) + bounds.size()) {
    return Error{Errc::corrupt, fmt::format("chunk {}: {} bytes, too few for position {}", number, *size, position)};
  }
  if (auto read = reader_.read_blob("chunk", "body", rowid, offset_entry(index), bounds); !read) {
    return missing_chunk(number, read.error());
  }
  const auto begin = load_little<std::uint32_t>(bounds.data());
  const auto end = load_little<std::uint32_t>(bounds.data() + 4);
  if (end < begin || end - begin < frame_header_bytes) {
    return Error{Errc::corrupt,
                 fmt::format("chunk {}: frame of position {} from byte {} to {}", number, position, begin, end)};
  }
  if (end > *size) {
    return Error{Errc::corrupt,
                 fmt::format("chunk {}: frame of position {} ends at byte {} of {}", number, position, end, *size)};
  }
  const std::span<std::byte> bytes = buffer_.allocate(end - begin);
  if (auto read = reader_.read_blob("chunk", "body", rowid, begin, bytes); !read) {
    return missing_chunk(number, read.error());
  }
  return decode_frame(bytes, position);
}

Result<void> LogFetch::frames(std::span<const std::uint64_t> positions, std::vector<FrameView>& out) {
  for (std::size_t i = 0; i < positions.size();) {
    if (positions[i] >= snapshot_.memory_first()) {
      auto one = frame(positions[i++]);
      if (!one) return std::move(one).error();
      out.push_back(*one);
      continue;
    }
    const std::uint64_t number = chunk_of(positions[i]);
    std::size_t end = i + 1;
    while (end < positions.size() && chunk_of(positions[end]) == number && positions[end] < snapshot_.memory_first())
      ++end;
    if (end - i < whole_chunk_frames) {
      for (; i < end; ++i) {
        auto one = frame_in_chunk(positions[i]);
        if (!one) return std::move(one).error();
        out.push_back(*one);
      }
      continue;
    }
    auto body = chunk(number);
    if (!body) return std::move(body).error();
    auto block = parse_chunk(*body, number);
    if (!block) return std::move(block).error();
    for (; i < end; ++i) {
      const auto index = static_cast<std::uint32_t>((positions[i] - 1) % chunk_events);
      auto one = decode_frame(block->frame(index), positions[i]);
      if (!one) return std::move(one).error();
      out.push_back(*one);
    }
  }
  return {};
}

Result<void> LogFetch::load_external(std::uint64_t position, FrameView& frame) {
  const auto rowid = static_cast<std::int64_t>(position);
  const auto broken = [position](std::string_view why) {
    return Error{Errc::corrupt, fmt::format("payload of position {} {}", position, why)};
  };
  const auto size = reader_.blob_size("payload", "body", rowid);
  if (!size) return size.error().code() == Errc::not_found ? broken("is missing") : size.error();
  if (*size != frame.data_size) return broken(fmt::format("has {} bytes, not {}", *size, frame.data_size));
  const std::span<std::byte> data = buffer_.allocate(*size);
  if (auto read = reader_.read_blob("payload", "body", rowid, 0, data); !read) return read;
  if (const std::uint32_t crc = crc32c(data); crc != frame.data_crc) {
    return broken(fmt::format("has checksum {:08x}, expected {:08x}", crc, frame.data_crc));
  }
  frame.data = data;
  return {};
}

}  // namespace cairn::log
