#include "sha1.hpp"

#include <bit>
#include <cstdint>
#include <span>

namespace cairn {
namespace {

constexpr std::size_t block_size = 64;

class Sha1 {
 public:
  void add(BytesView data) noexcept {
    for (const std::byte byte : data) add(byte);
  }

  std::array<std::byte, 20> finish() noexcept {
    const std::uint64_t bits = length_ * 8;
    add(std::byte{0x80});
    while (used_ != block_size - 8) add(std::byte{0});
    for (int shift = 56; shift >= 0; shift -= 8) add(static_cast<std::byte>(bits >> shift));

    std::array<std::byte, 20> digest{};
    for (std::size_t i = 0; i < digest.size(); ++i) {
      digest[i] = static_cast<std::byte>(state_[i / 4] >> (24 - 8 * (i % 4)));
    }
    return digest;
  }

 private:
  void add(std::byte byte) noexcept {
    block_[used_++] = byte;
    ++length_;
    if (used_ == block_size) {
      mix();
      used_ = 0;
    }
  }

  // RFC 3174, section 6.1.
  void mix() noexcept {
    std::array<std::uint32_t, 80> w{};
    for (std::size_t i = 0; i < 16; ++i) {
      for (std::size_t j = 0; j < 4; ++j) w[i] = (w[i] << 8) | std::to_integer<std::uint32_t>(block_[4 * i + j]);
    }
    for (std::size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);

    auto [a, b, c, d, e] = state_;
    for (std::size_t i = 0; i < 80; ++i) {
      const std::uint32_t sum = std::rotl(a, 5) + choose(i, b, c, d) + e + w[i];
      e = d;
      d = c;
      c = std::rotl(b, 30);
      b = a;
      a = sum;
    }
    state_ = {state_[0] + a, state_[1] + b, state_[2] + c, state_[3] + d, state_[4] + e};
  }

  // f(t; B, C, D) + K(t) of section 5.
  static std::uint32_t choose(std::size_t t, std::uint32_t b, std::uint32_t c, std::uint32_t d) noexcept {
    if (t < 20) return ((b & c) | (~b & d)) + 0x5A827999U;
    if (t < 40) return (b ^ c ^ d) + 0x6ED9EBA1U;
    if (t < 60) return ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDCU;
    return (b ^ c ^ d) + 0xCA62C1D6U;
  }

  std::array<std::uint32_t, 5> state_{0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U, 0xC3D2E1F0U};
  std::array<std::byte, block_size> block_{};
  std::size_t used_ = 0;
  std::uint64_t length_ = 0;
};

}  // namespace

std::array<std::byte, 20> sha1(BytesView first, BytesView second) noexcept {
  Sha1 hash;
  hash.add(first);
  hash.add(second);
  return hash.finish();
}

}  // namespace cairn
