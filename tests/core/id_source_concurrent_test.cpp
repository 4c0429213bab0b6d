#include <algorithm>
#include <array>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/id_source.hpp>

#include "fixed_clock.hpp"

namespace cairn {
namespace {

TEST(UuidV7SourceConcurrent, ThreadsNeverShareAnId) {
  const FixedClock clock;
  SeededRandom random{1};
  UuidV7Source ids{clock, random};
  std::array<std::vector<Uuid>, 4> drawn;
  {
    std::vector<std::jthread> workers;
    for (std::vector<Uuid>& mine : drawn) {
      workers.emplace_back([&ids, &mine] {
        for (int i = 0; i < 2000; ++i) mine.push_back(ids.next());
      });
    }
  }
  std::set<Uuid> all;
  for (const std::vector<Uuid>& mine : drawn) {
    EXPECT_TRUE(std::ranges::is_sorted(mine));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 8000U);
}

}  // namespace
}  // namespace cairn
