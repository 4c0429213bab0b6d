#include <cairn/core/id_source.hpp>

#include <algorithm>
#include <array>

namespace cairn {
namespace {

constexpr std::uint64_t milliseconds_max = (std::uint64_t{1} << 48) - 1;
constexpr std::uint64_t high_max = (std::uint64_t{1} << 12) - 1;
constexpr std::uint64_t low_max = (std::uint64_t{1} << 62) - 1;

// Before 1970 and after the year 10889 the field would wrap around; it stands still there instead.
std::uint64_t unix_milliseconds(Timestamp time) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
  if (milliseconds < 0) return 0;
  return std::min(static_cast<std::uint64_t>(milliseconds), milliseconds_max);
}

Uuid pack(std::uint64_t milliseconds, std::uint64_t high, std::uint64_t low) {
  const std::uint64_t first = (milliseconds << 16) | (std::uint64_t{7} << 12) | high;
  const std::uint64_t second = (std::uint64_t{0b10} << 62) | low;
  std::array<std::byte, Uuid::size> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::byte>(first >> (56 - 8 * i));
    bytes[8 + i] = static_cast<std::byte>(second >> (56 - 8 * i));
  }
  return Uuid{bytes};
}

}  // namespace

Uuid UuidV7Source::next() {
  const std::lock_guard lock{mutex_};
  const std::uint64_t now = unix_milliseconds(clock_.now());
  if (now > milliseconds_) {
    start_millisecond(now);
  } else {
    low_ += 1 + (random_.next() >> 32);
    if (low_ > low_max) {
      low_ &= low_max;
      ++high_;
    }
    if (high_ > high_max) start_millisecond(std::min(milliseconds_ + 1, milliseconds_max));
  }
  return pack(milliseconds_, high_, low_);
}

void UuidV7Source::start_millisecond(std::uint64_t milliseconds) {
  milliseconds_ = milliseconds;
  // The top bit starts at 0, so that at least 2^73 / 2^32 ids fit before the bits run out.
  high_ = random_.next() >> 53;
  low_ = random_.next() >> 2;
}

}  // namespace cairn
