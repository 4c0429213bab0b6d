#include <cairn/core/pool_executor.hpp>

#include <algorithm>
#include <cstdint>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace cairn {

// An io_context with threads of our own rather than asio::thread_pool: when the system refuses a thread half-way,
// the pool's constructor waits for ever for those it started.
struct PoolExecutor::Pool {
  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  std::vector<std::jthread> threads;
};

Result<std::unique_ptr<PoolExecutor>> PoolExecutor::start(PoolExecutorOptions options) {
  const std::size_t wanted =
      options.threads != 0 ? options.threads : std::max<std::size_t>(1, std::thread::hardware_concurrency());
  std::unique_ptr<PoolExecutor> executor{new PoolExecutor{std::make_unique<Pool>()}};
  Pool& pool = *executor->pool_;
  try {
    for (std::size_t i = 0; i < wanted; ++i) pool.threads.emplace_back([&pool] { pool.context.run(); });
  } catch (const std::system_error& thrown) {
    return Error{Errc::unavailable, std::string{"start a thread of the pool: "} + thrown.what()}
        .with("threads", wanted)
        .with("started", pool.threads.size());
  }
  return executor;
}

PoolExecutor::PoolExecutor(std::unique_ptr<Pool> pool) : pool_{std::move(pool)} {}

PoolExecutor::~PoolExecutor() {
  pool_->work.reset();
  pool_->threads.clear();  // joins: each thread leaves run() when nothing is queued any more
}

void PoolExecutor::post(Job job) { boost::asio::post(pool_->context, std::move(job)); }

}  // namespace cairn
