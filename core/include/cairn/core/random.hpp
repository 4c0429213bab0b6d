#pragma once

#include <array>
#include <cstdint>

#include <cairn/core/result.hpp>

namespace cairn {

class SecureRandom;

/// Where chance comes from: back-off, sampling, ids. Handed in, so that one seed repeats a whole run.
/// Not for keys: see SecureRandom. Not thread-safe; give each thread, or each lock, its own.
class Random {
 public:
  virtual ~Random() = default;

  /// 64 uniformly distributed bits.
  [[nodiscard]] virtual std::uint64_t next() = 0;
  /// Uniform in [0, n), without bias. `n` is at least 1.
  [[nodiscard]] std::uint64_t below(std::uint64_t n);
  /// Uniform in [0, 1), a multiple of 2^-53.
  [[nodiscard]] double unit();

 protected:
  Random() = default;
  Random(const Random&) = default;
  Random& operator=(const Random&) = default;
};

/// The same numbers for the same seed, on every machine: xoshiro256** (Blackman and Vigna, "Scrambled Linear
/// Pseudorandom Number Generators", 2021), its state filled by SplitMix64. A copy continues independently.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  /// A generator whose whole 256-bit state comes from `entropy`: the production Random, good enough for ids
  /// made by many processes. Errors: those of SecureRandom::fill.
  [[nodiscard]] static Result<SeededRandom> from_entropy(SecureRandom& entropy);

  [[nodiscard]] std::uint64_t next() override;

 private:
  explicit SeededRandom(const std::array<std::uint64_t, 4>& state) : state_{state} {}

  std::array<std::uint64_t, 4> state_;
};

}  // namespace cairn
