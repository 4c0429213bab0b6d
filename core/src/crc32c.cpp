#include <cairn/core/crc32c.hpp>

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#define CAIRN_CRC32C_X86 1
#include <immintrin.h>
#endif

namespace cairn {
namespace {

// The polynomial 0x1EDC6F41 with its bits reversed: the highest power is bit 0.
constexpr std::uint32_t polynomial = 0x82F63B78U;

constexpr std::uint32_t times_x(std::uint32_t crc) { return (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0); }

// tables[k][b] is what byte b contributes when k more bytes follow it (Kounavis and Berry, "A Systematic
// Approach to Building High Performance Software-based CRC Generators", 2005).
constexpr std::array<std::array<std::uint32_t, 256>, 8> make_tables() {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = times_x(crc);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}
constexpr auto tables = make_tables();

std::uint32_t load_little_endian(const std::byte* data) noexcept {
  std::uint32_t word = 0;
  for (unsigned i = 0; i < 4; ++i) word |= std::to_integer<std::uint32_t>(data[i]) << (8 * i);
  return word;
}

}  // namespace

std::uint32_t detail::crc32c_software(BytesView data, std::uint32_t seed) noexcept {
  std::uint32_t crc = ~seed;
  const std::byte* at = data.data();
  std::size_t left = data.size();
  for (; left >= 8; left -= 8, at += 8) {
    const std::uint32_t low = load_little_endian(at) ^ crc;
    const std::uint32_t high = load_little_endian(at + 4);
    crc = tables[7][low & 0xFF] ^ tables[6][(low >> 8) & 0xFF] ^ tables[5][(low >> 16) & 0xFF] ^ tables[4][low >> 24] ^
          tables[3][high & 0xFF] ^ tables[2][(high >> 8) & 0xFF] ^ tables[1][(high >> 16) & 0xFF] ^
          tables[0][high >> 24];
  }
  for (; left > 0; --left, ++at) crc = (crc >> 8) ^ tables[0][(crc ^ std::to_integer<std::uint32_t>(*at)) & 0xFF];
  return ~crc;
}

#ifdef CAIRN_CRC32C_X86

namespace {

// x^n modulo the polynomial.
constexpr std::uint32_t power_of_x(std::size_t n) {
  std::uint32_t power = 0x80000000U;
  for (std::size_t i = 0; i < n; ++i) power = times_x(power);
  return power;
}

std::uint64_t load_word(const std::byte* data) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, data, sizeof word);
  return word;
}

// The crc32 instruction answers after three cycles but can start in each, so three lanes of `Lane` bytes run side
// by side. The first two are then moved past the bytes behind them: multiplied by x^(8 * bytes). The carry-less
// product of two reflected words stands one bit too low and the instruction multiplies by x^32 while reducing, so
// the factor is x^(8 * bytes - 33). (Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32
// Instruction", Intel 2011.)
template <std::size_t Lane>
__attribute__((target("sse4.2,pclmul"))) std::uint64_t three_lanes(std::uint64_t crc, const std::byte*& at,
                                                                   std::size_t& left) noexcept {
  static_assert(Lane % 8 == 0);
  constexpr std::uint32_t past_two = power_of_x(16 * Lane - 33);
  constexpr std::uint32_t past_one = power_of_x(8 * Lane - 33);
  const __m128i factors = _mm_set_epi64x(past_one, past_two);
  for (; left >= 3 * Lane; left -= 3 * Lane, at += 3 * Lane) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t i = 0; i < Lane; i += 8) {
      crc = _mm_crc32_u64(crc, load_word(at + i));
      second = _mm_crc32_u64(second, load_word(at + Lane + i));
      third = _mm_crc32_u64(third, load_word(at + 2 * Lane + i));
    }
    const __m128i first_moved = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(crc)), factors, 0x00);
    const __m128i second_moved = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(second)), factors, 0x10);
    const __m128i moved = _mm_xor_si128(first_moved, second_moved);
    crc = third ^ _mm_crc32_u64(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(moved)));
  }
  return crc;
}

__attribute__((target("sse4.2,pclmul"))) std::uint32_t crc32c_x86(BytesView data, std::uint32_t seed) noexcept {
  std::uint64_t crc = ~seed;
  const std::byte* at = data.data();
  std::size_t left = data.size();
  crc = three_lanes<1024>(crc, at, left);
  crc = three_lanes<128>(crc, at, left);
  crc = three_lanes<32>(crc, at, left);
  for (; left >= 8; left -= 8, at += 8) crc = _mm_crc32_u64(crc, load_word(at));
  auto narrow = static_cast<std::uint32_t>(crc);
  for (; left > 0; --left, ++at) narrow = _mm_crc32_u8(narrow, std::to_integer<unsigned char>(*at));
  return ~narrow;
}

}  // namespace

bool detail::crc32c_is_accelerated() noexcept {
  static const bool accelerated = __builtin_cpu_supports("sse4.2") != 0 && __builtin_cpu_supports("pclmul") != 0;
  return accelerated;
}

std::uint32_t crc32c(BytesView data, std::uint32_t seed) noexcept {
  return detail::crc32c_is_accelerated() ? crc32c_x86(data, seed) : detail::crc32c_software(data, seed);
}

#else

bool detail::crc32c_is_accelerated() noexcept { return false; }

std::uint32_t crc32c(BytesView data, std::uint32_t seed) noexcept { return detail::crc32c_software(data, seed); }

#endif

}  // namespace cairn
