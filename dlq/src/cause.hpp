#pragma once

#include <string>
#include <string_view>

namespace cairn::letters {

/// What messages of one cause have in common: numbers, ids and quoted text become `#` and `'...'`, and what is beyond
/// 200 bytes is left out.
[[nodiscard]] std::string cause_of(std::string_view message);

}  // namespace cairn::letters
