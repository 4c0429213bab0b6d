#include "waiter.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace cairn::log {

namespace {

/// What is left on a clock that is not the machine's may lie beyond the end of the machine's.
constexpr std::chrono::hours longest_sleep{24};

}  // namespace

void Waiter::ring() {
  const std::lock_guard lock{mutex_};
  if (std::exchange(ready_, true)) return;
  told_.notify_one();
  post_hook();
}

void Waiter::rest() {
  const std::lock_guard lock{mutex_};
  ready_ = false;
}

void Waiter::set_hook(Executor& executor, Hook hook) {
  const std::lock_guard lock{mutex_};
  executor_ = &executor;
  hook_ = hook ? std::make_shared<Hook>(std::move(hook)) : nullptr;
  if (ready_) post_hook();
}

void Waiter::clear_hook() {
  const std::lock_guard lock{mutex_};
  hook_.reset();
}

bool Waiter::has_hook() const {
  const std::lock_guard lock{mutex_};
  return hook_ != nullptr;
}

// Under the lock: once the hook is taken away, nobody posts to its executor any more.
void Waiter::post_hook() {
  if (hook_) executor_->post([self = shared_from_this()] { self->call_hook(); });
}

void Waiter::call_hook() {
  std::shared_ptr<Hook> hook;
  {
    const std::lock_guard lock{mutex_};
    hook = hook_;
  }
  if (hook) (*hook)();
}

void Waiter::wait(std::chrono::nanoseconds time_left) {
  std::unique_lock lock{mutex_};
  const auto awake = [this] { return ready_ || interrupted_; };
  if (time_left == std::chrono::nanoseconds::max()) {
    told_.wait(lock, awake);
  } else {
    told_.wait_for(lock, std::min<std::chrono::nanoseconds>(time_left, longest_sleep), awake);
  }
}

void Waiter::interrupt() {
  const std::lock_guard lock{mutex_};
  interrupted_ = true;
  told_.notify_one();
}

void Waiter::allow_wait() {
  const std::lock_guard lock{mutex_};
  interrupted_ = false;
}

}  // namespace cairn::log
