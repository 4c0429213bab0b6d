#include <cairn/core/base64.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace cairn {
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

// Whole groups of three bytes and four digits are most of a text, and a replay of sealed events is full of them.
std::uint32_t group_of(const std::byte* bytes) {
  return (std::to_integer<std::uint32_t>(bytes[0]) << 16U) | (std::to_integer<std::uint32_t>(bytes[1]) << 8U) |
         std::to_integer<std::uint32_t>(bytes[2]);
}
void put_digits(std::uint32_t group, char* out) {
  for (unsigned i = 0; i < 4; ++i) out[i] = alphabet[(group >> (18 - 6 * i)) & 0x3fU];
}
/// Nothing when one of them is no digit.
std::optional<std::uint32_t> group_of(const char* text) {
  std::uint32_t group = 0;
  std::uint32_t all = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const std::uint32_t digit = digits[static_cast<unsigned char>(text[i])];
    all |= digit;
    group = (group << 6U) | (digit & 0x3fU);
  }
  return all > 0x3fU ? std::nullopt : std::optional{group};
}
void put_bytes(std::uint32_t group, std::byte* out) {
  for (unsigned i = 0; i < 3; ++i) out[i] = low_byte(group >> (16 - 8 * i));
}

}  // namespace

std::string to_base64(BytesView bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  const std::size_t whole = bytes.size() / 3;
  for (std::size_t i = 0; i < whole; ++i) put_digits(group_of(&bytes[3 * i]), &text[4 * i]);
  if (const std::size_t rest = bytes.size() % 3; rest > 0) {
    std::array<std::byte, 3> last{};
    std::copy(bytes.end() - static_cast<std::ptrdiff_t>(rest), bytes.end(), last.begin());
    put_digits(group_of(last.data()), &text[4 * whole]);
    std::fill(text.end() - static_cast<std::ptrdiff_t>(3 - rest), text.end(), '=');
  }
  return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return Bytes{};
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::size_t whole = text.size() / 4 - (padding > 0 ? 1 : 0);
  Bytes bytes(whole * 3);
  for (std::size_t i = 0; i < whole; ++i) {
    const auto group = group_of(&text[4 * i]);
    if (!group) return std::nullopt;
    put_bytes(*group, &bytes[3 * i]);
  }
  if (padding > 0) {
    std::array<char, 4> last{};
    std::copy(text.end() - 4, text.end(), last.begin());
    std::fill(last.end() - static_cast<std::ptrdiff_t>(padding), last.end(), 'A');
    const auto group = group_of(last.data());
    // One spelling for equal bytes: what the last digit has beyond them is zero.
    if (!group || (*group & (padding == 1 ? 0xffU : 0xffffU)) != 0) return std::nullopt;
    std::array<std::byte, 3> decoded{};
    put_bytes(*group, decoded.data());
    bytes.insert(bytes.end(), decoded.begin(), decoded.end() - static_cast<std::ptrdiff_t>(padding));
  }
  return bytes;
}

}  // namespace cairn
