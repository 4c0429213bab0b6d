#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>

namespace cairn {

/// A 128-bit identifier (RFC 9562): a value of 16 bytes, ordered bytewise, which for version 7 is the order
/// of creation. The nil Uuid (all zero) is the default and means "none".
class Uuid {
 public:
  static constexpr std::size_t size = 16;

  constexpr Uuid() = default;
  constexpr explicit Uuid(const std::array<std::byte, size>& bytes) : bytes_{bytes} {}

  [[nodiscard]] static constexpr Uuid nil() { return {}; }
  /// Reads the form "2ed6657d-e927-568b-95e1-2665a8aea6a2", in either case. Any version is accepted.
  /// Errors: invalid (another length, a dash out of place, a character that is not hexadecimal).
  [[nodiscard]] static Result<Uuid> parse(std::string_view text);
  /// The version 5 Uuid of `name` in `space` (RFC 9562, section 5.5: SHA-1 of both): equal input, equal id,
  /// on every machine and for ever. For turning foreign keys into ids; it hides nothing.
  [[nodiscard]] static Uuid from_name(const Uuid& space, std::string_view name);

  /// Lower case, with dashes, 36 characters.
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] constexpr std::span<const std::byte, size> bytes() const { return bytes_; }
  [[nodiscard]] constexpr bool is_nil() const { return *this == Uuid{}; }
  /// The version field, 0 to 15; 7 for what UuidV7Source makes.
  [[nodiscard]] constexpr int version() const { return std::to_integer<int>(bytes_[6] >> 4); }
  /// When a version 7 id was made, to the millisecond, by the clock of its maker; nothing for other versions.
  [[nodiscard]] std::optional<Timestamp> created_at() const;

  friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;

 private:
  std::array<std::byte, size> bytes_{};
};

}  // namespace cairn

/// Mixes both halves: ids of versions 5 and 7 may share either half's leading bits.
template <>
struct std::hash<cairn::Uuid> {
  std::size_t operator()(const cairn::Uuid& id) const noexcept;
};
