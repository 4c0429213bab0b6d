#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/sealed.hpp>

#include "aes_gcm.hpp"

namespace cairn::erasure {

/// By which a sealed value finds its keys: 16 random bytes.
using KeyId = std::array<std::byte, 16>;

/// The parts of a sealed value's bytes (docs/erasure.md); views into them.
struct SealedParts {
  BytesView header;  ///< all before the nonce: authenticated with the text
  std::uint32_t schema_version = 0;
  ContentType content_type = ContentType::binary;
  std::vector<KeyId> keys;
  BytesView nonce;
  BytesView text;  ///< and its tag
};

/// Errors: invalid (no bytes), corrupt (not of format 1; says what is wrong).
[[nodiscard]] Result<SealedParts> parse_sealed(BytesView sealed);

/// Header and nonce of a value, with room for text and tag behind them.
struct SealedFrame {
  Bytes bytes;
  std::size_t header_bytes = 0;
};
[[nodiscard]] SealedFrame frame_sealed(std::span<const KeyId> keys, const detail::SealedShape& shape,
                                       AesGcm::Nonce nonce, std::size_t plain_bytes);

/// What the cipher authenticates beside the text.
[[nodiscard]] Bytes bound_bytes(BytesView header, std::string_view type, std::string_view bound_to);

}  // namespace cairn::erasure
