#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <cairn/core/result.hpp>

namespace travel_expenses {

/// An amount of money in euro cents; never a floating-point number.
struct Cents {
  std::int64_t value = 0;

  /// Reads "26.85": digits, a point and two digits, not negative. Errors: invalid.
  [[nodiscard]] static cairn::Result<Cents> parse(std::string_view euros);
  /// "1,234.50"
  [[nodiscard]] std::string to_string() const;

  constexpr Cents& operator+=(Cents other) noexcept {
    value += other.value;
    return *this;
  }
  friend constexpr auto operator<=>(Cents, Cents) = default;
};

}  // namespace travel_expenses
