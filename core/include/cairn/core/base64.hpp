#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <cairn/core/bytes.hpp>

namespace cairn {

/// Base64 with padding: RFC 4648, section 4.
[[nodiscard]] std::string to_base64(BytesView bytes);
/// Nothing for text that to_base64 does not make: another alphabet, missing padding, bits beyond the last byte.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

}  // namespace cairn
