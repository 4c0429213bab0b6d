#include <cairn/core/manual_executor.hpp>

#include <utility>

namespace cairn {

void ManualExecutor::post(Job job) {
  const std::lock_guard lock{mutex_};
  jobs_.push_back(std::move(job));
}

bool ManualExecutor::run_one() {
  Job job;
  {
    const std::lock_guard lock{mutex_};
    if (jobs_.empty()) return false;
    job = std::move(jobs_.front());
    jobs_.pop_front();
  }
  job();
  return true;
}

std::size_t ManualExecutor::run_all() {
  std::size_t ran = 0;
  while (run_one()) ++ran;
  return ran;
}

std::size_t ManualExecutor::pending() const {
  const std::lock_guard lock{mutex_};
  return jobs_.size();
}

}  // namespace cairn
