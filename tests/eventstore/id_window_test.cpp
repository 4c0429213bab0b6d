#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/eventstore/event_store.hpp>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::event_id;
using test::make_events;
using test::MemoryStore;

constexpr std::uint64_t window = 600;

// The first and the last event number that the store still knows by id; a gap between them is a failure.
struct Known {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool operator==(const Known&) const = default;
};

Known known_ids(MemoryStore& store, std::uint64_t events) {
  std::vector<Uuid> ids;
  for (std::uint64_t number = 1; number <= events; ++number) ids.push_back(event_id(number));
  const auto found = store->resolve(ids).value();
  Known known;
  for (std::uint64_t number = 1; number <= events; ++number) {
    const auto& position = found[number - 1];
    if (!position) {
      EXPECT_EQ(known.last, 0U) << "event " << number << " is forgotten after an older one was known";
      continue;
    }
    EXPECT_EQ(*position, GlobalPosition{number});
    if (known.first == 0) known.first = number;
    known.last = number;
  }
  return known;
}

class WindowAfterOpen : public testing::Test {
 protected:
  void append(std::uint64_t first, std::uint64_t count) {
    ASSERT_TRUE(store->append(account, ExpectedRevision::no_stream(), make_events(first, count)));
    account = StreamId::parse("account-" + std::to_string(first + count)).value();
  }

  StreamId account{"account-0"};
  MemoryStore store{{.id_window = window, .pending_events_max = 50, .pending_events_min = 10}};
};

TEST_F(WindowAfterOpen, HoldsTheLastEventsOnceItIsAsked) {
  append(1, 2'000);
  store.settle();
  store.reopen();
  EXPECT_EQ(known_ids(store, 2'000), (Known{2'000 - window + 1, 2'000}));
}

TEST_F(WindowAfterOpen, HoldsTheLastEventsOnceTheWriterWasIdle) {
  append(1, 2'000);
  store.settle();
  store.reopen();
  store.settle();
  EXPECT_EQ(known_ids(store, 2'000), (Known{2'000 - window + 1, 2'000}));
}

TEST_F(WindowAfterOpen, IsReadBackOnceAndByNothingThatDoesNotNeedIt) {
  append(1, 2'000);
  store.settle();
  store.reopen();
  append(2'001, 1);  // pins its revision
  EXPECT_TRUE(store.database().step(1).value()) << "nothing was left to read back";
  EXPECT_FALSE(store.database().step(1).value());
  store.reopen();
  ASSERT_TRUE(store->resolve({{event_id(1)}}));
  EXPECT_FALSE(store.database().step(1).value()) << "something was left to read back";
}

TEST_F(WindowAfterOpen, MovesOnWithWhatIsAppendedBeforeItIsWhole) {
  append(1, 2'000);
  store.settle();
  store.reopen();
  append(2'001, 100);
  append(2'101, 300);
  EXPECT_EQ(known_ids(store, 2'400), (Known{2'400 - window + 1, 2'400}));
}

TEST_F(WindowAfterOpen, HoldsTheLastEventsAfterMoreThanItHoldsWasAppended) {
  append(1, 2'000);
  store.settle();
  store.reopen();
  append(2'001, 2 * window);
  EXPECT_EQ(known_ids(store, 2'000 + 2 * window), (Known{2'001 + window, 2'000 + 2 * window}));
}

TEST_F(WindowAfterOpen, OfAShortLogHoldsIt) {
  append(1, 300);
  store.reopen();
  EXPECT_EQ(known_ids(store, 300), (Known{1, 300}));
}

TEST_F(WindowAfterOpen, RecognisesARepeatThatIsOnlyInTheFile) {
  append(1, 1'000);
  append(1'001, 500);
  store.settle();
  store.reopen();
  const auto repeated = store->append(StreamId{"account-0"}, ExpectedRevision::any(), make_events(950, 51));
  ASSERT_TRUE(repeated);
  EXPECT_TRUE(repeated->repeated);
  EXPECT_EQ(repeated->first_position, GlobalPosition{950});
}

TEST_F(WindowAfterOpen, KeepsTheLatestTimeOfTheLogThoughNothingElseIsReadBack) {
  store.clock().advance(std::chrono::hours{1});
  append(1, 512);  // whole chunks: the tail is empty
  store.settle();
  const Timestamp latest = store.dump().back().recorded_at;
  store.clock().set_wall_clock(latest - std::chrono::hours{1});
  store.reopen();
  append(513, 1);
  EXPECT_EQ(store.dump().back().recorded_at, latest);
}

}  // namespace
}  // namespace cairn
