#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace cairn {

/// Which try of a call this is: the first is 1.
class Attempt {
 public:
  constexpr Attempt() = default;
  constexpr explicit Attempt(std::uint32_t number) : number_{number} {}

  [[nodiscard]] static constexpr Attempt first() { return Attempt{1}; }
  [[nodiscard]] constexpr std::uint32_t number() const { return number_; }
  /// The one after this; the last number there is stays.
  [[nodiscard]] constexpr Attempt next() const {
    return Attempt{number_ == std::numeric_limits<std::uint32_t>::max() ? number_ : number_ + 1};
  }

  friend constexpr auto operator<=>(Attempt, Attempt) = default;

 private:
  std::uint32_t number_ = 1;
};

}  // namespace cairn
