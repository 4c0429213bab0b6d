#include <cairn/core/utf8.hpp>

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace cairn {
namespace {

using namespace std::string_literals;
using Place = std::optional<std::size_t>;

/// The bytes of a code point by the arithmetic of RFC 3629, section 3; the one writer for all lengths.
std::string encoded(std::uint32_t point, std::size_t size) {
  if (size == 1) return {static_cast<char>(point)};
  std::string text(size, '\0');
  for (std::size_t i = size - 1; i > 0; --i, point >>= 6) text[i] = static_cast<char>(0x80 | (point & 0x3F));
  constexpr unsigned leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
  text[0] = static_cast<char>(leads[size] | point);
  return text;
}

std::size_t shortest(std::uint32_t point) {
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
}

TEST(Utf8, EveryCodePointPassesInItsShortestFormOnly) {
  for (std::uint32_t point = 0; point < 0x20'0000; ++point) {
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    const bool character = point <= 0x10FFFF && !surrogate;
    for (std::size_t size = shortest(point); size <= 4; ++size) {
      const bool good = character && size == shortest(point);
      ASSERT_EQ(find_invalid_utf8(encoded(point, size)), good ? Place{} : Place{0})
          << std::hex << point << " in " << size << " bytes";
    }
  }
}

TEST(Utf8, SaysWhereItStops) {
  const std::vector<std::pair<std::string, Place>> cases{
      {"", {}},
      {"plain ascii, more than eight bytes", {}},
      {"caf\u00e9 \u20ac \U0001f426", {}},
      {"12345678\xff", 8},
      {"1234567\xff", 7},
      {"a\x80", 1},            // a continuation alone
      {"a\xc3", 1},            // cut after the lead
      {"a\xe2\x82", 1},        // cut in the middle
      {"a\xf0\x9f\x90", 1},    // cut before the last
      {"\xe2\x82(", 0},        // continuation missing
      {"\u20ac\xe2(\xac", 3},  // the same, later
      {"\xfe", 0},
      {"ok\0ok"s, {}},  // U+0000 is a character
  };
  for (const auto& [text, place] : cases) EXPECT_EQ(find_invalid_utf8(text), place) << text;
}

TEST(Utf8, FindsEveryControlCharacterAndNoOther) {
  for (std::uint32_t point = 0; point < 0x800; ++point) {
    const bool control = point < 0x20 || (point >= 0x7F && point <= 0x9F);
    const std::string text = "ab" + encoded(point, shortest(point)) + "c";
    ASSERT_EQ(find_control_character(text), control ? Place{2} : Place{}) << std::hex << point;
  }
  EXPECT_EQ(find_control_character("\u2028\U0001f426"), Place{});
}

}  // namespace
}  // namespace cairn
