#include <cairn/core/utf8.hpp>

#include <cstdint>
#include <cstring>

namespace cairn {
namespace {

constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080U;

constexpr unsigned char byte_of(char c) noexcept { return static_cast<unsigned char>(c); }

constexpr bool is_between(unsigned char byte, unsigned low, unsigned high) noexcept {
  return byte >= low && byte <= high;
}

/// Bytes of the character that begins `text`, which is not empty; 0 when it is none. The table of RFC 3629, section 4:
/// the second byte's range is what shuts out overlong forms, surrogates and numbers above U+10FFFF.
std::size_t character_size(std::string_view text) noexcept {
  const unsigned char lead = byte_of(text[0]);
  if (lead < 0x80) return 1;
  std::size_t size = 0;
  unsigned second_low = 0x80;
  unsigned second_high = 0xBF;
  if (is_between(lead, 0xC2, 0xDF)) {
    size = 2;
  } else if (is_between(lead, 0xE0, 0xEF)) {
    size = 3;
    if (lead == 0xE0) second_low = 0xA0;
    if (lead == 0xED) second_high = 0x9F;
  } else if (is_between(lead, 0xF0, 0xF4)) {
    size = 4;
    if (lead == 0xF0) second_low = 0x90;
    if (lead == 0xF4) second_high = 0x8F;
  }
  if (size == 0 || text.size() < size || !is_between(byte_of(text[1]), second_low, second_high)) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if (!is_between(byte_of(text[i]), 0x80, 0xBF)) return 0;
  }
  return size;
}

}  // namespace

std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    if (std::uint64_t eight = 0; text.size() - at >= sizeof eight) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & high_bits) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const std::size_t size = character_size(text.substr(at));
    if (size == 0) return at;
    at += size;
  }
  return std::nullopt;
}

std::optional<std::size_t> find_control_character(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const unsigned char byte = byte_of(text[at]);
    if (byte < 0x20 || byte == 0x7F) return at;
    // U+0080 to U+009F are C2 80 to C2 9F, and C2 is never a continuation.
    if (byte == 0xC2 && at + 1 < text.size() && byte_of(text[at + 1]) < 0xA0) return at;
  }
  return std::nullopt;
}

}  // namespace cairn
