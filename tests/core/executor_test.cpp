#include <cairn/core/executor.hpp>

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/inline_executor.hpp>
#include <cairn/core/manual_executor.hpp>

namespace cairn {
namespace {

TEST(InlineExecutor, RunsBeforePostReturns) {
  InlineExecutor executor;
  std::vector<int> order;
  executor.post([&] {
    order.push_back(1);
    executor.post([&] { order.push_back(2); });
    order.push_back(3);
  });
  order.push_back(4);
  EXPECT_EQ(order, (std::vector{1, 2, 3, 4}));
}

TEST(ManualExecutor, RunsOneJobAStepOldestFirst) {
  ManualExecutor executor;
  std::vector<int> order;
  executor.post([&] { order.push_back(1); });
  executor.post([&] { order.push_back(2); });
  EXPECT_TRUE(order.empty());
  EXPECT_EQ(executor.pending(), 2U);
  EXPECT_TRUE(executor.run_one());
  EXPECT_EQ(order, (std::vector{1}));
  EXPECT_TRUE(executor.run_one());
  EXPECT_EQ(order, (std::vector{1, 2}));
  EXPECT_FALSE(executor.run_one());
}

TEST(ManualExecutor, RunAllRunsWhatJobsPost) {
  ManualExecutor executor;
  int ran = 0;
  executor.post([&] {
    ++ran;
    executor.post([&] { ++ran; });
  });
  EXPECT_EQ(executor.run_all(), 2U);
  EXPECT_EQ(ran, 2);
}

TEST(ManualExecutor, JobsNeverRunAreDestroyed) {
  const auto held = std::make_shared<int>();
  {
    ManualExecutor executor;
    executor.post([held] {});
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace cairn
