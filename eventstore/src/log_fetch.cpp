#include "log_fetch.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <cairn/core/crc32c.hpp>

#include "frame_block.hpp"

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

Result<std::optional<FrameView>> LogFetch::frame(std::uint64_t position) {
  if (position < snapshot_.memory_first()) return frame_in_chunk(position);
  auto frame = decode_frame(memory_frame(snapshot_, position, buffer_), position);
  if (!frame) return std::move(frame).error();
  return std::optional{*frame};
}

Result<FrameView> LogFetch::kept_frame(std::uint64_t position) {
  auto found = frame(position);
  if (!found) return std::move(found).error();
  if (*found) return **found;
  return Error{Errc::corrupt, fmt::format("position {} was removed, but should be kept", position)};
}

Result<BytesView> LogFetch::chunk_prefix(std::uint64_t number, std::size_t bytes, std::size_t& size) {
  const auto rowid = static_cast<std::int64_t>(number);
  const auto found = reader_.blob_size("chunk", "body", rowid);
  if (!found) return missing_chunk(number, found.error());
  size = *found;
  const auto prefix = std::span{prefix_}.first(std::min(size, bytes));
  if (auto read = reader_.read_blob("chunk", "body", rowid, 0, prefix); !read) {
    return missing_chunk(number, read.error());
  }
  return BytesView{prefix};
}

Result<KeptSlots> LogFetch::kept_slots(std::uint64_t number) {
  std::size_t size = 0;
  const auto prefix = chunk_prefix(number, thin_chunk_header_bytes, size);
  if (!prefix) return prefix.error();
  return log::kept_slots(*prefix, number);
}

Result<std::optional<FrameView>> LogFetch::frame_in_chunk(std::uint64_t position) {
  const std::uint64_t number = chunk_of(position);
  const std::uint32_t slot = slot_of(position);
  std::size_t size = 0;
  const auto prefix = chunk_prefix(number, chunk_prefix_bytes(slot), size);
  if (!prefix) return prefix.error();
  const auto extent = extent_of_frame(*prefix, size, number, slot);
  if (!extent) return extent.error();
  if (extent->size == 0) return std::optional<FrameView>{};
  const std::span<std::byte> bytes = buffer_.allocate(extent->size);
  if (auto read = reader_.read_blob("chunk", "body", static_cast<std::int64_t>(number), extent->begin, bytes); !read) {
    return missing_chunk(number, read.error());
  }
  auto frame = decode_frame(bytes, position);
  if (!frame) return std::move(frame).error();
  return std::optional{*frame};
}

Result<void> LogFetch::frames(std::span<const std::uint64_t> positions, std::vector<std::optional<FrameView>>& out) {
  const auto take = [&](auto frame) -> Result<void> {
    if (!frame) return std::move(frame).error();
    out.emplace_back(*std::move(frame));
    return {};
  };
  for (std::size_t i = 0; i < positions.size();) {
    const std::uint64_t number = chunk_of(positions[i]);
    std::size_t end = i + 1;
    while (end < positions.size() && chunk_of(positions[end]) == number && positions[end] < snapshot_.memory_first())
      ++end;
    if (positions[i] >= snapshot_.memory_first() || end - i < whole_chunk_frames) {
      for (; i < end; ++i) {
        if (auto taken = take(frame(positions[i])); !taken) return taken;
      }
      continue;
    }
    auto body = chunk(number);
    if (!body) return std::move(body).error();
    const auto view = ChunkView::parse(*body, number);
    if (!view) return view.error();
    for (; i < end; ++i) {
      const std::uint32_t slot = slot_of(positions[i]);
      if (!view->kept().holds(slot)) {
        out.emplace_back(std::nullopt);
      } else if (auto taken = take(decode_frame(view->frame(slot), positions[i])); !taken) {
        return taken;
      }
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

Result<bool> LogFetch::load_external_later(std::uint64_t position, FrameView& frame) {
  auto loaded = load_external(position, frame);
  if (loaded) return true;
  if (loaded.error().code() != Errc::corrupt) return std::move(loaded).error();
  const auto sealed = reader_.blob_size("chunk", "body", static_cast<std::int64_t>(chunk_of(position)));
  if (!sealed) return std::move(loaded).error();
  const auto kept = kept_slots(chunk_of(position));
  if (!kept || kept->holds(slot_of(position))) return std::move(loaded).error();
  return false;
}

}  // namespace cairn::log
