#include "cause.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace cairn::letters {

namespace {

constexpr std::size_t text_bytes_max = 200;
constexpr std::size_t uuid_size = 36;
/// Shorter runs of hexadecimal digits with letters among them are taken for words.
constexpr std::size_t hash_digits_min = 16;

// <cctype> depends on the locale.
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_uuid(std::string_view text) {
  if (text.size() < uuid_size) return false;
  for (std::size_t i = 0; i < uuid_size; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

/// How much of `text` is an id or a number, from its beginning.
std::size_t number_size(std::string_view text) {
  if (is_uuid(text)) return uuid_size;
  const auto hex_end = std::ranges::find_if_not(text, is_hex);
  const auto hex = static_cast<std::size_t>(hex_end - text.begin());
  if (hex >= hash_digits_min) return hex;
  std::size_t size = 0;
  while (size < text.size() && is_digit(text[size])) ++size;
  // A fraction, a time or a date is one number.
  while (size > 0 && size + 1 < text.size() && std::string_view{".,:"}.find(text[size]) != std::string_view::npos &&
         is_digit(text[size + 1])) {
    ++size;
    while (size < text.size() && is_digit(text[size])) ++size;
  }
  return size;
}

/// Where the text that is quoted from the beginning of `text` ends, if it does.
std::optional<std::size_t> quoted_size(std::string_view text) {
  const char quote = text.front();
  if (quote != '\'' && quote != '"' && quote != '`') return std::nullopt;
  const std::size_t end = text.find(quote, 1);
  if (end == std::string_view::npos) return std::nullopt;
  return end + 1;
}

}  // namespace

std::string cause_of(std::string_view message) {
  std::string cause;
  bool in_word = false;
  while (!message.empty() && cause.size() < text_bytes_max) {
    // An apostrophe within a word quotes nothing; a digit within one is its own ("sha256").
    if (!in_word) {
      if (const auto size = quoted_size(message)) {
        cause += "'...'";
        message.remove_prefix(*size);
        continue;
      }
      if (const std::size_t size = number_size(message); size > 0) {
        cause += '#';
        message.remove_prefix(size);
        continue;
      }
    }
    in_word = is_word(message.front());
    cause += message.front();
    message.remove_prefix(1);
  }
  if (cause.size() > text_bytes_max) cause.resize(text_bytes_max);
  // Not in the middle of a character.
  while (!message.empty() && !cause.empty() && (static_cast<unsigned char>(message.front()) & 0xc0U) == 0x80U) {
    const auto last = static_cast<unsigned char>(cause.back());
    cause.pop_back();
    if ((last & 0xc0U) == 0xc0U) break;
  }
  return cause;
}

}  // namespace cairn::letters
