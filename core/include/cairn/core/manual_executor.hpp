#pragma once

#include <cstddef>
#include <deque>
#include <mutex>

#include <cairn/core/executor.hpp>

namespace cairn {

/// Keeps jobs until it is stepped: tests and simulations decide when work happens. Jobs run, oldest first, in the
/// thread that steps. Jobs never run are destroyed with it.
class ManualExecutor final : public Executor {
 public:
  void post(Job job) override;

  /// Runs the oldest job; false when there is none.
  bool run_one();
  /// Runs until nothing is left, jobs posted meanwhile included, and returns how many ran.
  std::size_t run_all();
  [[nodiscard]] std::size_t pending() const;

 private:
  mutable std::mutex mutex_;
  std::deque<Job> jobs_;
};

}  // namespace cairn
