#pragma once

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

}  // namespace cairn::log
