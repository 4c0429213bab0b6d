#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include <cairn/core/executor.hpp>

namespace cairn::log {

/// How one subscription is told that there may be something to read: its thread wakes, or its hook is posted.
/// Ready at first. Thread-safe; shared by the subscription, the wait list and jobs on their way, because a ring may
/// reach it after the subscription has gone.
class Waiter final : public std::enable_shared_from_this<Waiter> {
 public:
  using Hook = std::function<void()>;

  /// There may be something to read.
  void ring();
  /// Nothing to read: the next ring() counts.
  void rest();

  /// From now on `hook` is posted when this becomes ready, and at once when it is; an empty one is none.
  void set_hook(Executor& executor, Hook hook);
  /// Posted jobs that have not begun find nothing to call any more.
  void clear_hook();
  [[nodiscard]] bool has_hook() const;

  /// Sleeps until ready or interrupted, for `time_left` at the most.
  void wait(std::chrono::nanoseconds time_left);
  /// Ends wait() until allow_wait().
  void interrupt();
  void allow_wait();

 private:
  void post_hook();
  void call_hook();

  mutable std::mutex mutex_;
  std::condition_variable told_;
  bool ready_ = true;
  bool interrupted_ = false;
  Executor* executor_ = nullptr;
  std::shared_ptr<Hook> hook_;
};

}  // namespace cairn::log
