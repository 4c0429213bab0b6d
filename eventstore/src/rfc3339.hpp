#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <cairn/core/clock.hpp>

namespace cairn::log {

/// "2024-01-01T00:00:00.250000Z" (RFC 3339, always UTC, always six digits of the second). Nothing outside the years 0
/// to 9999, for which the format has no words.
[[nodiscard]] std::optional<std::string> to_rfc3339(Timestamp time);
/// The same back; with one to six digits of the second, or none. Nothing for any other text.
[[nodiscard]] std::optional<Timestamp> from_rfc3339(std::string_view text);

}  // namespace cairn::log
