#include <cairn/core/uuid.hpp>

#include <algorithm>
#include <cstring>

#include "sha1.hpp"

namespace cairn {
namespace {

constexpr std::size_t text_size = 36;

constexpr bool is_dash_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

}  // namespace

Result<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != text_size) {
    return Error{Errc::invalid, "parse uuid: not 36 characters long"}.with("length", text.size());
  }
  std::array<std::byte, size> bytes{};
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text_size; ++i) {
    if (is_dash_place(i)) {
      if (text[i] != '-') return Error{Errc::invalid, "parse uuid: no dash where one belongs"}.with("offset", i);
      continue;
    }
    const std::optional<unsigned> digit = hex_digit(text[i]);
    if (!digit) return Error{Errc::invalid, "parse uuid: not a hexadecimal digit"}.with("offset", i);
    std::byte& byte = bytes[digits / 2];
    byte = (byte << 4) | static_cast<std::byte>(*digit);
    ++digits;
  }
  return Uuid{bytes};
}

Uuid Uuid::from_name(const Uuid& space, std::string_view name) {
  const std::array<std::byte, 20> digest = sha1(space.bytes_, as_bytes(name));
  Uuid id;
  std::copy_n(digest.begin(), size, id.bytes_.begin());
  id.bytes_[6] = (id.bytes_[6] & std::byte{0x0F}) | std::byte{0x50};
  id.bytes_[8] = (id.bytes_[8] & std::byte{0x3F}) | std::byte{0x80};
  return id;
}

std::string Uuid::to_string() const {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(text_size);
  for (const std::byte byte : bytes_) {
    if (is_dash_place(text.size())) text += '-';
    text += digits[std::to_integer<std::size_t>(byte >> 4)];
    text += digits[std::to_integer<std::size_t>(byte & std::byte{0x0F})];
  }
  return text;
}

std::optional<Timestamp> Uuid::created_at() const {
  if (version() != 7) return std::nullopt;
  std::int64_t milliseconds = 0;
  for (std::size_t i = 0; i < 6; ++i) milliseconds = (milliseconds << 8) | std::to_integer<std::int64_t>(bytes_[i]);
  return Timestamp{std::chrono::milliseconds{milliseconds}};
}

}  // namespace cairn

std::size_t std::hash<cairn::Uuid>::operator()(const cairn::Uuid& id) const noexcept {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, id.bytes().data(), sizeof high);
  std::memcpy(&low, id.bytes().data() + sizeof high, sizeof low);
  // The finalizer of SplitMix64, so that each bit of either half reaches the low bits of the result.
  std::uint64_t mixed = high ^ (low * 0x9E3779B97F4A7C15U);
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
  return static_cast<std::size_t>(mixed ^ (mixed >> 31));
}
