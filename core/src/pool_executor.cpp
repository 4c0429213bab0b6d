#include <cairn/core/pool_executor.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace cairn {

// A queue of our own rather than Boost.Asio's thread_pool: its fences are invisible to ThreadSanitizer, and when the
// system refuses a thread half-way, its constructor waits for ever for those it started.
struct PoolExecutor::Pool {
  void serve() {
    std::unique_lock lock{mutex};
    for (;;) {
      wake.wait(lock, [this] { return !jobs.empty() || (closing && running == 0); });
      if (jobs.empty()) return;  // and nobody runs who could post more
      Job job = std::move(jobs.front());
      jobs.pop_front();
      ++running;
      lock.unlock();
      job();
      job = {};
      lock.lock();
      --running;
      if (closing && running == 0) wake.notify_all();
    }
  }

  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> jobs;
  std::size_t running = 0;
  bool closing = false;
  std::vector<std::jthread> threads;
};

Result<std::unique_ptr<PoolExecutor>> PoolExecutor::start(PoolExecutorOptions options) {
  const std::size_t wanted =
      options.threads != 0 ? options.threads : std::max<std::size_t>(1, std::thread::hardware_concurrency());
  std::unique_ptr<PoolExecutor> executor{new PoolExecutor{std::make_unique<Pool>()}};
  Pool& pool = *executor->pool_;
  try {
    for (std::size_t i = 0; i < wanted; ++i) pool.threads.emplace_back([&pool] { pool.serve(); });
  } catch (const std::system_error& thrown) {
    return Error{Errc::unavailable, std::string{"start a thread of the pool: "} + thrown.what()}
        .with("threads", wanted)
        .with("started", pool.threads.size());
  }
  return executor;
}

PoolExecutor::PoolExecutor(std::unique_ptr<Pool> pool) : pool_{std::move(pool)} {}

PoolExecutor::~PoolExecutor() {
  {
    const std::lock_guard lock{pool_->mutex};
    pool_->closing = true;
  }
  pool_->wake.notify_all();
  pool_->threads.clear();  // joins
}

void PoolExecutor::post(Job job) {
  {
    const std::lock_guard lock{pool_->mutex};
    pool_->jobs.push_back(std::move(job));
  }
  pool_->wake.notify_one();
}

}  // namespace cairn
