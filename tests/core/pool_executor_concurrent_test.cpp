#include <atomic>
#include <latch>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/pool_executor.hpp>

namespace cairn {
namespace {

TEST(PoolExecutor, RunsEverythingPostedBeforeItEnds) {
  std::atomic<int> ran{0};
  {
    const auto pool = PoolExecutor::start({.threads = 4}).value();
    for (int i = 0; i < 1000; ++i) {
      pool->post([&ran, &pool] {
        ++ran;
        pool->post([&ran] { ++ran; });
      });
    }
  }
  EXPECT_EQ(ran, 2000);
}

TEST(PoolExecutor, ThreadsRunSideBySide) {
  std::latch both{2};
  const auto pool = PoolExecutor::start({.threads = 2}).value();
  std::latch done{2};
  for (int i = 0; i < 2; ++i) {
    pool->post([&] {
      both.arrive_and_wait();  // passes only when two jobs run at once
      done.count_down();
    });
  }
  done.wait();
}

TEST(PoolExecutor, OneThreadKeepsTheOrder) {
  std::vector<int> order;
  {
    const auto pool = PoolExecutor::start({.threads = 1}).value();
    for (int i = 0; i < 100; ++i) pool->post([&order, i] { order.push_back(i); });
  }
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(PoolExecutor, JobsRunInItsOwnThreads) {
  std::atomic<bool> here{true};
  {
    const auto pool = PoolExecutor::start().value();
    pool->post([&here, caller = std::this_thread::get_id()] { here = std::this_thread::get_id() == caller; });
  }
  EXPECT_FALSE(here);
}

TEST(PoolExecutor, PostsFromManyThreadsAllArrive) {
  std::atomic<int> ran{0};
  {
    const auto pool = PoolExecutor::start({.threads = 2}).value();
    std::vector<std::jthread> posters;
    for (int t = 0; t < 4; ++t) {
      posters.emplace_back([&] {
        for (int i = 0; i < 500; ++i) pool->post([&ran, owned = std::make_unique<int>(1)] { ran += *owned; });
      });
    }
  }
  EXPECT_EQ(ran, 2000);
}

}  // namespace
}  // namespace cairn
