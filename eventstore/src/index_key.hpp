#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace cairn::log {

/// Keys of table `posting`; the two low bits say what the rest is (docs/format.md, "Index rows").
[[nodiscard]] constexpr std::uint64_t category_key(std::uint32_t number) noexcept {
  return std::uint64_t{number} * 4 + 1;
}
[[nodiscard]] constexpr std::uint64_t type_key(std::uint32_t number) noexcept { return std::uint64_t{number} * 4 + 2; }
/// A hash of the tag: two tags may share it, so a hit counts only when the frame carries the tag.
[[nodiscard]] std::uint64_t tag_key(std::string_view tag) noexcept;

/// SQLite's integers are signed; keys and positions keep their bits.
[[nodiscard]] constexpr std::int64_t as_signed(std::uint64_t value) noexcept {
  return std::bit_cast<std::int64_t>(value);
}

}  // namespace cairn::log
