#include <cairn/eventstore/sealed.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace cairn::detail {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> digits = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

constexpr std::byte low_byte(std::uint32_t value) { return static_cast<std::byte>(value & 0xffU); }

}  // namespace

std::string sealed_to_text(BytesView sealed) {
  std::string text;
  text.reserve((sealed.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < sealed.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, sealed.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = (group << 8U) | (i < count ? std::to_integer<std::uint32_t>(sealed[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text.push_back(i <= count ? alphabet[(group >> (18 - 6 * i)) & 0x3fU] : '=');
    }
  }
  return text;
}

Bytes sealed_from_text(std::string_view text) {
  const Bytes unreadable{std::byte{0}};
  if (text.size() % 4 != 0) return unreadable;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const std::size_t missing = at + 4 == text.size() ? padding : 0;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint8_t digit = i < 4 - missing ? digits[static_cast<unsigned char>(text[at + i])] : 0;
      if (digit == no_digit) return unreadable;
      group = (group << 6U) | digit;
    }
    for (std::size_t i = 0; i < 3 - missing; ++i) bytes.push_back(low_byte(group >> (16 - 8 * i)));
    // One spelling for equal bytes: what the last digit has beyond them is zero.
    if ((missing == 1 && (group & 0xffU) != 0) || (missing == 2 && (group & 0xffffU) != 0)) return unreadable;
  }
  return bytes;
}

}  // namespace cairn::detail
