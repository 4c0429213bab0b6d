#include <cairn/core/random.hpp>

#include <bit>
#include <span>

#include <cairn/core/invariant.hpp>
#include <cairn/core/secure_random.hpp>

namespace cairn {
namespace {

// Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
std::uint64_t split_mix(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15U;
  std::uint64_t mixed = state;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
  return mixed ^ (mixed >> 31);
}

}  // namespace

std::uint64_t Random::below(std::uint64_t n) {
  invariant(n > 0, "Random::below(0)");
  // Numbers below 2^64 mod n would make the first remainders likelier; they are drawn again.
  const std::uint64_t biased = (0 - n) % n;
  std::uint64_t drawn = next();
  while (drawn < biased) drawn = next();
  return drawn % n;
}

double Random::unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

SeededRandom::SeededRandom(std::uint64_t seed) : state_{} {
  for (std::uint64_t& word : state_) word = split_mix(seed);
}

Result<SeededRandom> SeededRandom::from_entropy(SecureRandom& entropy) {
  std::array<std::uint64_t, 4> state{};
  if (const Result<void> filled = entropy.fill(std::as_writable_bytes(std::span{state})); !filled) {
    return filled.error();
  }
  // The one state xoshiro never leaves; from a sound source it comes once in 2^256.
  if (state == std::array<std::uint64_t, 4>{}) {
    return Error{Errc::unavailable, "seed random numbers: the entropy source gave zeros only"};
  }
  return SeededRandom{state};
}

std::uint64_t SeededRandom::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

}  // namespace cairn
