#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <cairn/core/bytes.hpp>

namespace cairn::log {

/// RFC 4648 section 4, padded.
void append_base64(BytesView bytes, std::string& out);
/// Nothing for text that append_base64 does not make: another alphabet, missing padding, bits beyond the last byte.
[[nodiscard]] std::optional<Bytes> decode_base64(std::string_view text);

}  // namespace cairn::log
