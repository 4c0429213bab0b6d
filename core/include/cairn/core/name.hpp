#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <cairn/core/result.hpp>

namespace cairn {

inline constexpr std::size_t name_bytes_max = 255;

/// The rule of all names that are stored (streams, types, tags, queues): 1 to 255 bytes of UTF-8, no control characters
/// (U+0000 to U+001F, U+007F to U+009F). Errors: invalid: `what`, and what is wrong ("is empty", "has a control
/// character at byte 3").
[[nodiscard]] Result<void> check_name(std::string_view what, std::string_view text);

/// The second half of that message; empty for a good name, which costs no formatting.
[[nodiscard]] std::string problem_of_name(std::string_view text);

}  // namespace cairn
