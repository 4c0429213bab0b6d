#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include <cairn/core/result.hpp>

namespace travel_expenses {

/// More than any log this program is meant for; a compressed file that claims more is refused, not unpacked.
inline constexpr std::size_t text_file_bytes_max = std::size_t{256} << 20U;

/// The whole content of a file, unpacked when it is gzip. Errors: not_found, unavailable (cannot be read),
/// corrupt (damaged or cut off), too_broad (larger than text_file_bytes_max).
[[nodiscard]] cairn::Result<std::string> read_text_file(const std::filesystem::path& path);

}  // namespace travel_expenses
