#include "sealed_format.hpp"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include <cairn/core/content_type.hpp>
#include <cairn/eventstore/subject_id.hpp>

namespace cairn::erasure {
namespace {

constexpr std::byte format{1};
constexpr std::size_t fixed_bytes = 8;
constexpr std::size_t key_bytes = std::tuple_size_v<KeyId>;
constexpr std::string_view domain = "cairn.sealed";

Error damaged(std::string_view why) { return Error{Errc::corrupt, fmt::format("sealed value: {}", why)}; }

void append(Bytes& to, BytesView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

}  // namespace

Result<SealedParts> parse_sealed(BytesView sealed) {
  if (sealed.empty()) return Error{Errc::invalid, "sealed value: nothing was sealed"};
  if (sealed[0] != format) return damaged(fmt::format("format {}, known is 1", std::to_integer<int>(sealed[0])));
  if (sealed.size() < fixed_bytes) return damaged("it ends in its header");
  const auto content_type = content_type_from(std::to_integer<std::uint8_t>(sealed[1]));
  if (!content_type) return damaged(fmt::format("content type {}", std::to_integer<int>(sealed[1])));
  const auto count = std::to_integer<std::size_t>(sealed[2]);
  if (count < 1 || count > sealed_subjects_max) return damaged(fmt::format("{} subjects", count));
  if (sealed[3] != std::byte{0}) return damaged("a reserved byte is set");
  const std::size_t header_bytes = fixed_bytes + count * key_bytes;
  if (sealed.size() < header_bytes + AesGcm::nonce_bytes + AesGcm::tag_bytes) return damaged("it is cut short");

  SealedParts parts{.header = sealed.first(header_bytes),
                    .content_type = *content_type,
                    .keys = std::vector<KeyId>(count),
                    .nonce = sealed.subspan(header_bytes, AesGcm::nonce_bytes),
                    .text = sealed.subspan(header_bytes + AesGcm::nonce_bytes)};
  for (std::size_t i = 0; i < 4; ++i) {
    parts.schema_version |= std::to_integer<std::uint32_t>(sealed[4 + i]) << (8 * i);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const BytesView id = sealed.subspan(fixed_bytes + i * key_bytes, key_bytes);
    std::copy(id.begin(), id.end(), parts.keys[i].begin());
  }
  return parts;
}

SealedFrame frame_sealed(std::span<const KeyId> keys, const detail::SealedShape& shape, AesGcm::Nonce nonce,
                         std::size_t plain_bytes) {
  SealedFrame frame;
  frame.header_bytes = fixed_bytes + keys.size() * key_bytes;
  const std::size_t size = frame.header_bytes + AesGcm::nonce_bytes + plain_bytes + AesGcm::tag_bytes;
  frame.bytes.reserve(size);
  append(frame.bytes, std::array{format, static_cast<std::byte>(shape.content_type),
                                 static_cast<std::byte>(keys.size()), std::byte{0}});
  for (std::size_t i = 0; i < 4; ++i) {
    frame.bytes.push_back(static_cast<std::byte>((shape.schema_version >> (8 * i)) & 0xffU));
  }
  for (const KeyId& key : keys) append(frame.bytes, key);
  append(frame.bytes, nonce);
  frame.bytes.resize(size);
  return frame;
}

Bytes bound_bytes(BytesView header, std::string_view type, std::string_view bound_to) {
  Bytes bound;
  bound.reserve(domain.size() + header.size() + 1 + type.size() + bound_to.size());
  append(bound, as_bytes(domain));
  append(bound, header);
  bound.push_back(static_cast<std::byte>(type.size()));  // at most event_type_bytes_max
  append(bound, as_bytes(type));
  append(bound, as_bytes(bound_to));
  return bound;
}

}  // namespace cairn::erasure
