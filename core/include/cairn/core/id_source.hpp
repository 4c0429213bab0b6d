#pragma once

#include <cstdint>
#include <mutex>

#include <cairn/core/clock.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/uuid.hpp>

namespace cairn {

/// Where new ids come from. Handed in, so that a simulation repeats them. Thread-safe.
class IdSource {
 public:
  virtual ~IdSource() = default;
  IdSource(const IdSource&) = delete;
  IdSource& operator=(const IdSource&) = delete;

  /// An id nobody has seen before; never nil.
  [[nodiscard]] virtual Uuid next() = 0;

 protected:
  IdSource() = default;
};

/// Version 7 ids (RFC 9562, section 5.7), each greater than the one before it from this source, even while
/// the clock stands still or goes back: within a millisecond the 74 random bits count up by a random step
/// (section 6.2, method 2), and when they run out the id borrows the next millisecond.
/// Uses `random` under its own lock: give it a Random that nothing else draws from.
class UuidV7Source final : public IdSource {
 public:
  UuidV7Source(const Clock& clock, Random& random) : clock_{clock}, random_{random} {}

  [[nodiscard]] Uuid next() override;

 private:
  void start_millisecond(std::uint64_t milliseconds);

  const Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  std::uint64_t milliseconds_ = 0;
  std::uint64_t high_ = 0;  // 12 bits, beside the version
  std::uint64_t low_ = 0;   // 62 bits, beside the variant
};

}  // namespace cairn
