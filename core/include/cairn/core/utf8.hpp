#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace cairn {

/// The byte at which `text` stops being UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF),
/// or nothing. Our own: names are short, and a library to link would cost every embedder more than these lines.
[[nodiscard]] std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept;

/// The byte at which a control character begins (U+0000 to U+001F, U+007F to U+009F) in text that is UTF-8, or nothing.
[[nodiscard]] std::optional<std::size_t> find_control_character(std::string_view text) noexcept;

}  // namespace cairn
