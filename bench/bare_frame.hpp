#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <cairn/core/bytes.hpp>
#include <cairn/core/crc32c.hpp>
#include <cairn/eventstore/new_event.hpp>

namespace cairn::bench {

// What the baselines write of an event: the same bytes in number and meaning as a frame of the log (docs/format.md),
// with no check of anything, because the baselines are what is possible at best.

inline void add_bytes(BytesView bytes, Bytes& out) { out.insert(out.end(), bytes.begin(), bytes.end()); }

template <class Number>
void add_number(Number number, Bytes& out) {
  add_bytes(std::as_bytes(std::span{&number, 1}), out);
}

/// Appends the metadata, 60 bytes for the events of EventMaker.
inline void add_metadata(const Metadata& metadata, Bytes& out) {
  add_number(std::uint8_t{1}, out);
  add_bytes(metadata.correlation_id->bytes(), out);
  add_number(std::uint8_t{2}, out);
  add_bytes(metadata.causation_id->bytes(), out);
  add_number(std::uint8_t{3}, out);
  add_number(std::int64_t{metadata.occurred_at->time_since_epoch().count()}, out);
  for (const std::string& tag : metadata.tags) {
    add_number(std::uint8_t{4}, out);
    add_number(static_cast<std::uint8_t>(tag.size()), out);
    add_bytes(as_bytes(tag), out);
  }
  for (const auto& [name, value] : metadata.headers) {
    add_number(std::uint8_t{5}, out);
    add_number(static_cast<std::uint8_t>(name.size()), out);
    add_bytes(as_bytes(name), out);
    add_number(static_cast<std::uint16_t>(value.size()), out);
    add_bytes(as_bytes(value), out);
  }
}

/// Appends header (64 bytes, its first four a CRC-32C of the rest), stream name, metadata and data.
inline void add_frame(std::string_view stream, const NewEvent& event, std::uint64_t position, Bytes& out) {
  const std::size_t begin = out.size();
  add_number(std::uint32_t{0}, out);
  add_number(static_cast<std::uint32_t>(event.data.size()), out);
  add_number(position, out);
  add_bytes(event.id.bytes(), out);
  out.resize(begin + 64);
  add_bytes(as_bytes(stream), out);
  add_metadata(event.metadata, out);
  add_bytes(event.data, out);
  const std::uint32_t crc = crc32c(BytesView{out}.subspan(begin + sizeof crc));
  std::memcpy(&out[begin], &crc, sizeof crc);
}

}  // namespace cairn::bench
