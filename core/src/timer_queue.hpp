#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>

#include <cairn/core/clock.hpp>
#include <cairn/core/executor.hpp>

namespace cairn {

/// The waiting jobs of a Timers, by time and then by the order they were set. Not thread-safe. Jobs leave it by
/// being handed out, never by being destroyed inside: their destructors may set or cancel timers.
class TimerQueue {
 public:
  struct Now {
    SteadyTime steady;
    Timestamp wall;
    std::chrono::nanoseconds past_wall{};  ///< the part of a microsecond that `wall` leaves out
  };

  std::uint64_t add(SteadyTime time, Job job);
  std::uint64_t add(Timestamp time, Job job);
  /// The job of timer `id`, taken out; empty when it is not waiting.
  [[nodiscard]] Job take(std::uint64_t id);
  /// The first job that is due and was set before timer `set_before`, taken out; empty when there is none.
  [[nodiscard]] Job take_due(const Now& now, std::uint64_t set_before);
  /// How long until the first timer, at least zero; nothing when none waits.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> until_next(const Now& now) const;
  [[nodiscard]] bool waits_for_wall_clock() const { return !wall_.empty(); }
  /// The number the next timer gets.
  [[nodiscard]] std::uint64_t next_id() const { return next_id_; }

 private:
  template <class Time>
  using Waiting = std::map<std::pair<Time, std::uint64_t>, Job>;

  template <class Time>
  std::uint64_t add_to(Waiting<Time>& waiting, Time time, Job job);
  template <class Time>
  Job take_from(Waiting<Time>& waiting, typename Waiting<Time>::iterator place);

  std::uint64_t next_id_ = 1;
  Waiting<SteadyTime> steady_;
  Waiting<Timestamp> wall_;
  std::unordered_map<std::uint64_t, std::variant<SteadyTime, Timestamp>> times_;
};

}  // namespace cairn
