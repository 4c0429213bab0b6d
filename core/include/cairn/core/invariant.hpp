#pragma once

#include <source_location>
#include <string_view>

namespace cairn {

namespace detail {
[[noreturn]] void invariant_failed(std::string_view text, const std::source_location& where) noexcept;
}

/// Stops the process when `condition` is false: the library (or its caller) is wrong, and going on would
/// make stored data wrong too. On in every build. Bad input, a missing row or a corrupt record is data and
/// becomes an Error instead.
inline void invariant(bool condition, std::string_view text,
                      const std::source_location& where = std::source_location::current()) noexcept {
  if (!condition) [[unlikely]] {
    detail::invariant_failed(text, where);
  }
}

}  // namespace cairn
