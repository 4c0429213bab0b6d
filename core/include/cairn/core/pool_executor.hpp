#pragma once

#include <cstddef>
#include <memory>

#include <cairn/core/executor.hpp>
#include <cairn/core/result.hpp>

namespace cairn {

struct PoolExecutorOptions {
  /// Threads in the pool; 0 means one for each CPU.
  std::size_t threads = 0;
};

/// A fixed number of threads behind one queue.
class PoolExecutor final : public Executor {
 public:
  /// Starts the threads. Errors: unavailable (the system has no thread left to give).
  [[nodiscard]] static Result<std::unique_ptr<PoolExecutor>> start(PoolExecutorOptions options = {});
  /// Runs everything that was posted, and what that posts, then joins the threads. Not from one of its own jobs.
  ~PoolExecutor() override;

  void post(Job job) override;

 private:
  struct Pool;
  explicit PoolExecutor(std::unique_ptr<Pool> pool);

  std::unique_ptr<Pool> pool_;
};

}  // namespace cairn
