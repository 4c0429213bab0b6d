#include "progress_board.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cairn::delivery {

namespace {

/// What is left on a clock that is not the machine's may lie beyond the end of the machine's.
constexpr std::chrono::hours longest_sleep{24};

/// Adding would overflow for "as long as it takes".
SteadyTime deadline_of(SteadyTime now, std::chrono::nanoseconds timeout) {
  return timeout < SteadyTime::max() - now ? now + std::max(timeout, std::chrono::nanoseconds{}) : SteadyTime::max();
}

}  // namespace

void ProgressBoard::put(const Progress& progress) {
  const std::lock_guard lock{mutex_};
  handlers_.insert_or_assign(progress.name, progress);
  moved_.notify_all();
}

void ProgressBoard::remove(std::string_view name) {
  const std::lock_guard lock{mutex_};
  if (const auto found = handlers_.find(name); found != handlers_.end()) handlers_.erase(found);
  moved_.notify_all();
}

std::optional<Progress> ProgressBoard::find(std::string_view name) const {
  const std::lock_guard lock{mutex_};
  const auto found = handlers_.find(name);
  if (found == handlers_.end()) return std::nullopt;
  return found->second;
}

std::vector<Progress> ProgressBoard::all() const {
  const std::lock_guard lock{mutex_};
  std::vector<Progress> all;
  for (const auto& [name, progress] : handlers_) all.push_back(progress);
  return all;
}

void ProgressBoard::close() {
  const std::lock_guard lock{mutex_};
  closed_ = true;
  moved_.notify_all();
}

void ProgressBoard::reopen() {
  const std::lock_guard lock{mutex_};
  closed_ = false;
}

Result<void> ProgressBoard::wait(const Clock& clock, std::string_view name, GlobalPosition position,
                                 std::chrono::nanoseconds timeout, const std::stop_token& stop) {
  const std::string what = fmt::format("wait for handler {} to reach {}", name, position.value);
  const SteadyTime deadline = deadline_of(clock.steady_now(), timeout);
  std::unique_lock lock{mutex_};
  for (;;) {
    const auto found = handlers_.find(name);
    if (found == handlers_.end()) return Error{Errc::not_found, fmt::format("{}: there is no such handler", what)};
    const Progress& now = found->second;
    if (now.position >= position) return {};
    if (stop.stop_requested() || closed_) return Error{Errc::cancelled, fmt::format("{}: stopped", what)};
    if (now.state == HandlerState::paused) {
      return Error{Errc::unavailable, fmt::format("{}: it is paused at {}: {}", what, now.position.value,
                                                  now.error ? now.error->to_string() : "by somebody")};
    }
    const auto left = deadline - clock.steady_now();
    if (left <= std::chrono::nanoseconds{}) {
      return Error{Errc::timeout, fmt::format("{}: it is at {}", what, now.position.value)}.with("position",
                                                                                                 now.position.value);
    }
    moved_.wait_for(lock, stop, std::min<std::chrono::nanoseconds>(left, longest_sleep), [&, at = now.position] {
      const auto still = handlers_.find(name);
      return closed_ || still == handlers_.end() || still->second.position != at ||
             still->second.state == HandlerState::paused;
    });
  }
}

}  // namespace cairn::delivery
