#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace travel_expenses {

/// The offset of the first byte that is no UTF-8 (Unicode 15, table 3-7: no overlong forms, no surrogates, nothing
/// above U+10FFFF), or nothing when all is well.
[[nodiscard]] std::optional<std::size_t> first_bad_utf8(std::string_view text) noexcept;

}  // namespace travel_expenses
