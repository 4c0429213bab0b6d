#pragma once

#include <cairn/core/error.hpp>

namespace cairn::test {

/// What calls may do while the store is in trouble.
enum class Errors : unsigned char {
  forbidden,
  allowed,  ///< an error instead of an answer, but never a wrong answer
};

/// Errors that a failing file system may cause; all others would be wrong answers.
[[nodiscard]] constexpr bool is_trouble(Errc code) noexcept {
  return code == Errc::unavailable || code == Errc::storage_full || code == Errc::outcome_unknown ||
         code == Errc::fenced || code == Errc::timeout;
}

}  // namespace cairn::test
