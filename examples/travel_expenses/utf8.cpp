#include "utf8.hpp"

#include <cstdint>

namespace travel_expenses {
namespace {

/// What may follow a leading byte: how many bytes, and the narrower range that the first of them must be in.
struct Following {
  std::size_t count;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
};

std::optional<Following> following(std::uint8_t lead) noexcept {
  if (lead < 0x80) return Following{0};
  if (lead < 0xC2) return std::nullopt;
  if (lead < 0xE0) return Following{1};
  if (lead == 0xE0) return Following{2, 0xA0};
  if (lead == 0xED) return Following{2, 0x80, 0x9F};
  if (lead < 0xF0) return Following{2};
  if (lead == 0xF0) return Following{3, 0x90};
  if (lead < 0xF4) return Following{3};
  if (lead == 0xF4) return Following{3, 0x80, 0x8F};
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> first_bad_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const auto expected = following(static_cast<std::uint8_t>(text[at]));
    if (!expected || expected->count >= text.size() - at) return at;
    for (std::size_t i = 1; i <= expected->count; ++i) {
      const auto byte = static_cast<std::uint8_t>(text[at + i]);
      const std::uint8_t low = i == 1 ? expected->low : 0x80;
      const std::uint8_t high = i == 1 ? expected->high : 0xBF;
      if (byte < low || byte > high) return at;
    }
    at += 1 + expected->count;
  }
  return std::nullopt;
}

}  // namespace travel_expenses
