#include "sql/commit_queue.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/clock.hpp>

#include "core/sql/sql_test_store.hpp"

namespace cairn::sql {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

test::ScriptedUnit unit_of(std::size_t bytes) {
  test::ScriptedUnit unit{"SELECT 1"};
  unit.bytes = bytes;
  return unit;
}

class CommitQueueTest : public testing::Test {
 protected:
  std::vector<QueuedUnit*> take(CommitQueue& queue, std::size_t units_max = 100, std::size_t bytes_max = 10'000) {
    std::vector<QueuedUnit*> taken;
    queue.take(taken, units_max, bytes_max);
    return taken;
  }

  SystemClock clock;
  test::ScriptedUnit a = unit_of(100), b = unit_of(100), c = unit_of(100), large = unit_of(5'000);
};

TEST_F(CommitQueueTest, GivesBackInOrderUpToTheLimits) {
  CommitQueue queue{{10, 10'000, 0ms}, clock};
  for (auto* unit : {&a, &b, &large, &c}) ASSERT_TRUE(queue.push(*unit, false));
  EXPECT_THAT(take(queue, 1), ElementsAre(&a));
  EXPECT_THAT(take(queue, 100, 1'000), ElementsAre(&b));
  EXPECT_THAT(take(queue, 100, 1'000), ElementsAre(&large)) << "alone when it is larger than a group may be";
  EXPECT_THAT(take(queue), ElementsAre(&c));
  EXPECT_TRUE(take(queue).empty());
}

TEST_F(CommitQueueTest, IsBoundedByCountAndBytes) {
  CommitQueue by_count{{2, 10'000, 0ms}, clock};
  ASSERT_TRUE(by_count.push(a, false));
  ASSERT_TRUE(by_count.push(b, false));
  EXPECT_EQ(test::code_of(by_count.push(c, false)), Errc::timeout);
  (void)take(by_count, 1);
  EXPECT_TRUE(by_count.push(c, false));

  CommitQueue by_bytes{{10, 250, 0ms}, clock};
  ASSERT_TRUE(by_bytes.push(a, false));
  ASSERT_TRUE(by_bytes.push(b, false));
  EXPECT_EQ(test::code_of(by_bytes.push(c, false)), Errc::timeout);
}

TEST_F(CommitQueueTest, TakesOneUnitLargerThanItsBoundWhenEmpty) {
  CommitQueue queue{{10, 250, 0ms}, clock};
  EXPECT_TRUE(queue.push(large, false));
  EXPECT_EQ(test::code_of(queue.push(a, false)), Errc::timeout);
}

TEST_F(CommitQueueTest, ProducerTimesOutAndIsNotQueued) {
  CommitQueue queue{{1, 10'000, 5ms}, clock};
  ASSERT_TRUE(queue.push(a, true));
  EXPECT_EQ(test::code_of(queue.push(b, true)), Errc::timeout);
  EXPECT_THAT(take(queue), ElementsAre(&a));
  EXPECT_TRUE(take(queue).empty());
}

TEST_F(CommitQueueTest, WaitingProducersAreLetInWhenThereIsRoom) {
  CommitQueue queue{{1, 10'000, 60s}, clock};
  ASSERT_TRUE(queue.push(a, true));
  std::jthread producer{[&] { EXPECT_TRUE(queue.push(b, true)); }};
  std::vector<QueuedUnit*> taken;
  while (taken.size() < 2) queue.take(taken, taken.size() + 1, 10'000);
  EXPECT_THAT(taken, ElementsAre(&a, &b));
}

TEST_F(CommitQueueTest, RefusalReachesNewAndWaitingProducersAndLeavesWhatIsQueued) {
  CommitQueue queue{{1, 10'000, 60s}, clock};
  ASSERT_TRUE(queue.push(a, true));
  std::jthread producer{[&] { EXPECT_EQ(test::code_of(queue.push(b, true)), Errc::fenced); }};
  queue.refuse(Error{Errc::fenced, "no"});
  EXPECT_EQ(test::code_of(queue.push(c, true)), Errc::fenced);
  producer.join();
  EXPECT_THAT(take(queue), ElementsAre(&a));
  queue.accept();
  EXPECT_TRUE(queue.push(c, true));
}

TEST_F(CommitQueueTest, WriterSleepsUntilThereIsWork) {
  CommitQueue queue{{10, 10'000, 0ms}, clock};
  EXPECT_EQ(queue.wait(1us, false), CommitQueue::Found::nothing);
  std::jthread producer{[&] { EXPECT_TRUE(queue.push(a, true)); }};
  EXPECT_EQ(queue.wait(std::nullopt, false), CommitQueue::Found::work);
  producer.join();
  (void)take(queue);
  std::jthread other{[&] { EXPECT_TRUE(queue.push_errand([] {})); }};
  EXPECT_EQ(queue.wait(std::nullopt, false), CommitQueue::Found::work);
  other.join();
  EXPECT_TRUE(queue.take_errand().has_value());
  EXPECT_FALSE(queue.take_errand().has_value());
}

TEST_F(CommitQueueTest, StopsOnlyWhenEverythingWasTaken) {
  CommitQueue queue{{10, 10'000, 0ms}, clock};
  ASSERT_TRUE(queue.push(a, true));
  queue.stop();
  EXPECT_EQ(queue.wait(std::nullopt, false), CommitQueue::Found::work);
  (void)take(queue);
  EXPECT_EQ(queue.wait(std::nullopt, false), CommitQueue::Found::stop);
  EXPECT_EQ(test::code_of(queue.push_errand([] {})), Errc::cancelled);
}

TEST_F(CommitQueueTest, ABackgroundUnitIsFoundByWhoAsksForOneAndTakenApart) {
  CommitQueue queue{{1, 10'000, 0ms}, clock};
  ASSERT_TRUE(queue.push(a, false));
  for (auto* unit : {&b, &large, &c}) ASSERT_TRUE(queue.push_background(*unit)) << "there is always room";
  EXPECT_THAT(take(queue), ElementsAre(&a));
  EXPECT_EQ(queue.wait(1us, false), CommitQueue::Found::nothing);
  EXPECT_EQ(queue.wait(std::nullopt, true), CommitQueue::Found::background);
  EXPECT_FALSE(queue.quiet());
  EXPECT_EQ(queue.take_background(), &b);
  queue.refuse(Error{Errc::cancelled, "closed"});
  EXPECT_EQ(test::code_of(queue.push_background(a)), Errc::cancelled);
  EXPECT_EQ(queue.take_background(), &large) << "what is queued stays";
  EXPECT_TRUE(queue.has_background());
  EXPECT_EQ(queue.take_background(), &c);
  EXPECT_EQ(queue.take_background(), nullptr);
  EXPECT_TRUE(queue.quiet());
}

TEST_F(CommitQueueTest, ABackgroundUnitLeavesTheWriterToBeWokenByAnother) {
  CommitQueue queue{{10, 10'000, 60s}, clock};
  for (int round = 0; round < 200; ++round) {
    std::jthread producer{[&] {
      EXPECT_TRUE(queue.push_background(a));
      EXPECT_TRUE(queue.push(b, true));
    }};
    EXPECT_EQ(queue.wait(60s, false), CommitQueue::Found::work);
    producer.join();
    EXPECT_THAT(take(queue), ElementsAre(&b));
    EXPECT_EQ(queue.take_background(), &a);
  }
}

TEST_F(CommitQueueTest, ABackgroundUnitWakesTheWriterThatAskedForOne) {
  CommitQueue queue{{10, 10'000, 60s}, clock};
  std::jthread producer{[&] { EXPECT_TRUE(queue.push_background(a)); }};
  EXPECT_EQ(queue.wait(std::nullopt, true), CommitQueue::Found::background);
  producer.join();
}

}  // namespace
}  // namespace cairn::sql
