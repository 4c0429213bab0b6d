#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/memory_metrics.hpp>

namespace cairn {
namespace {

TEST(MemoryMetricsConcurrent, NoUpdateIsLost) {
  constexpr int threads = 4;
  constexpr int rounds = 2000;
  MemoryMetrics metrics;
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&] {
        for (int i = 0; i < rounds; ++i) {
          metrics.counter("n", {{"k", "v"}}).add();
          metrics.gauge("g").set(i);
          metrics.histogram("h").record(1);
        }
      });
    }
  }
  EXPECT_EQ(metrics.counted("n", {{"k", "v"}}), static_cast<std::uint64_t>(threads * rounds));
  EXPECT_EQ(metrics.recorded("h").count, static_cast<std::uint64_t>(threads * rounds));
  EXPECT_EQ(metrics.gauged("g"), rounds - 1);
}

}  // namespace
}  // namespace cairn
