#include "timer_queue.hpp"

#include <algorithm>

#include "saturating_time.hpp"

namespace cairn {
namespace {

/// Orders timers of both clocks: by how long is left, then by when they were set.
struct Place {
  std::chrono::nanoseconds left;
  std::uint64_t id;
  auto operator<=>(const Place&) const = default;
};

Place place_of(const std::pair<SteadyTime, std::uint64_t>& key, const TimerQueue::Now& now) {
  return {until(key.first, now.steady), key.second};
}
Place place_of(const std::pair<Timestamp, std::uint64_t>& key, const TimerQueue::Now& now) {
  const std::chrono::nanoseconds left = until(key.first, now.wall);
  return {std::chrono::nanoseconds{saturating_subtract(left.count(), now.past_wall.count())}, key.second};
}

/// The first timer that is due and was set before `set_before`.
template <class Waiting>
auto first_due(Waiting& waiting, const TimerQueue::Now& now, std::uint64_t set_before) {
  auto place = waiting.begin();
  while (place != waiting.end() && place_of(place->first, now).left.count() <= 0) {
    if (place->first.second < set_before) return place;
    ++place;
  }
  return waiting.end();
}

}  // namespace

template <class Time>
std::uint64_t TimerQueue::add_to(Waiting<Time>& waiting, Time time, Job job) {
  const std::uint64_t id = next_id_++;
  waiting.emplace(std::pair{time, id}, std::move(job));
  times_.emplace(id, time);
  return id;
}

template <class Time>
Job TimerQueue::take_from(Waiting<Time>& waiting, typename Waiting<Time>::iterator place) {
  times_.erase(place->first.second);
  return std::move(waiting.extract(place).mapped());
}

std::uint64_t TimerQueue::add(SteadyTime time, Job job) { return add_to(steady_, time, std::move(job)); }
std::uint64_t TimerQueue::add(Timestamp time, Job job) { return add_to(wall_, time, std::move(job)); }

Job TimerQueue::take(std::uint64_t id) {
  const auto found = times_.find(id);
  if (found == times_.end()) return {};
  if (const auto* steady = std::get_if<SteadyTime>(&found->second)) {
    return take_from(steady_, steady_.find({*steady, id}));
  }
  return take_from(wall_, wall_.find({std::get<Timestamp>(found->second), id}));
}

Job TimerQueue::take_due(const Now& now, std::uint64_t set_before) {
  const auto steady = first_due(steady_, now, set_before);
  const auto wall = first_due(wall_, now, set_before);
  if (steady == steady_.end() && wall == wall_.end()) return {};
  const bool steady_is_first =
      wall == wall_.end() || (steady != steady_.end() && place_of(steady->first, now) < place_of(wall->first, now));
  return steady_is_first ? take_from(steady_, steady) : take_from(wall_, wall);
}

std::optional<std::chrono::nanoseconds> TimerQueue::until_next(const Now& now) const {
  if (steady_.empty() && wall_.empty()) return std::nullopt;
  std::chrono::nanoseconds left = std::chrono::nanoseconds::max();
  if (!steady_.empty()) left = std::min(left, place_of(steady_.begin()->first, now).left);
  if (!wall_.empty()) left = std::min(left, place_of(wall_.begin()->first, now).left);
  return std::max(left, std::chrono::nanoseconds{0});
}

}  // namespace cairn
