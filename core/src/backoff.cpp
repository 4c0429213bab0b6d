#include <cairn/core/backoff.hpp>

#include <algorithm>

namespace cairn {

std::chrono::microseconds Backoff::ceiling(Attempt failed) const noexcept {
  const std::int64_t limit = std::max<std::int64_t>(cap.count(), 0);
  const std::int64_t first = std::max<std::int64_t>(base.count(), 0);
  const std::uint32_t doublings = failed.number() == 0 ? 0 : failed.number() - 1;
  // first << doublings would be above the limit, and might be above everything.
  if (first != 0 && (doublings >= 63 || first > (limit >> doublings))) return std::chrono::microseconds{limit};
  return std::chrono::microseconds{first == 0 ? 0 : first << doublings};
}

std::chrono::microseconds Backoff::delay(Attempt failed, Random& random) const {
  const auto longest = static_cast<std::uint64_t>(ceiling(failed).count());
  return std::chrono::microseconds{static_cast<std::int64_t>(random.below(longest + 1))};
}

}  // namespace cairn
