#pragma once

#include <string>
#include <string_view>

namespace cairn::log {

/// Appends `text`, which is UTF-8, as a JSON string.
void append_json_string(std::string_view text, std::string& out);

}  // namespace cairn::log
