// Reads that a scavenge overtakes between the moment they look at the log and their next read transaction.

#include <cairn/eventstore/event_store.hpp>

#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/simulated_clock.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::make_event;
using test::make_events;
using testing::ElementsAre;
using testing::IsEmpty;
using Numbers = std::vector<std::uint64_t>;

const StreamId ann{"account-ann"};
const StreamId ben{"account-ben"};
const StreamId filler{"filler-1"};

/// A clock for a database: that asks it when it has begun a read transaction, which sees nothing before its first
/// statement.
class InterruptingClock final : public Clock {
 public:
  /// `interruption` runs in the `count`th question from now on.
  void interrupt(int count, std::function<void()> interruption) {
    left_ = count;
    interruption_ = std::move(interruption);
  }
  [[nodiscard]] Timestamp now() const noexcept override { return {}; }
  [[nodiscard]] SteadyTime steady_now() const noexcept override {
    if (left_ > 0 && --left_ == 0) interruption_();
    return {};
  }

 private:
  mutable int left_ = 0;
  std::function<void()> interruption_;
};

class OvertakenRead : public testing::Test {
 protected:
  OvertakenRead() {
    store =
        EventStore::open(*database,
                         {.id_window = 8, .pending_events_max = 32, .pending_events_min = 32, .recent_events_max = 256},
                         {.clock = &store_clock})
            .value();
  }

  void append(const StreamId& stream, std::size_t count) {
    (void)store->append(stream, ExpectedRevision::any(), make_events(next_event, count)).value();
    next_event += count;
  }
  /// Its payload is a row of its own.
  void append_large(const StreamId& stream) {
    NewEvent large = make_event(next_event++);
    large.data = Bytes(20'000, std::byte{7});
    (void)store->append(stream, ExpectedRevision::any(), large).value();
  }
  /// Everything so far may be removed.
  void bury() {
    append(filler, 1'024);
    while (database->step(1).value()) {
    }
  }
  void scavenge(std::uint64_t expected) { EXPECT_EQ(store->scavenge().value().events_removed, expected); }
  /// What `read` gives, when the `count`th read transaction of it begins with `meanwhile`.
  template <class Read>
  Numbers numbers(int count, const std::function<void()>& meanwhile, Read&& read) {
    bool interrupted = false;
    clock.interrupt(count, [&] {
      interrupted = true;
      meanwhile();
    });
    const std::span<const RecordedEvent> events = read().value();
    Numbers found;
    for (const RecordedEvent& event : events) found.push_back(event.position.value);
    EXPECT_TRUE(interrupted);
    return found;
  }

  std::unique_ptr<MemoryVfs> disk = MemoryVfs::create();
  InterruptingClock clock;
  SimulatedClock store_clock;
  std::unique_ptr<Database> database =
      Database::open({.file = "store.db", .writer = WriterMode::stepped, .memory = disk.get()}, {.clock = &clock})
          .value();
  std::unique_ptr<EventStore> store;
  std::uint64_t next_event = 1;
};

TEST_F(OvertakenRead, OfAStreamGivesWhatCameAfterAllThatItSawIsGone) {
  append(ann, 10);
  Reader reader = store->read_stream(ann);
  const auto meanwhile = [&] {
    append(ann, 2);
    store->set_retention(ann, {.events_max = 2}).value();
    bury();
    scavenge(10);
  };
  EXPECT_THAT(numbers(1, meanwhile, [&] { return reader.next(); }), ElementsAre(11, 12));
  EXPECT_EQ(reader.truncated_before(), Revision{10});
  EXPECT_THAT(reader.next().value(), IsEmpty());
  EXPECT_EQ(reader.stream_head(), Revision{11});
}

TEST_F(OvertakenRead, OfAStreamThatEndedMeanwhileIsEmpty) {
  append(ann, 10);
  Reader reader = store->read_stream(ann);
  const auto meanwhile = [&] {
    store->tombstone_stream(ann, ExpectedRevision::any()).value();
    bury();
    scavenge(10);
  };
  EXPECT_THAT(numbers(1, meanwhile, [&] { return reader.next(); }), IsEmpty());
  EXPECT_EQ(reader.stream_head(), std::nullopt);
}

/// Large payloads are looked up after the events that have them.
class OvertakenPayload : public OvertakenRead {
 protected:
  void append_all() {
    append_large(ann);
    append(ben, 1);
    append_large(ben);
  }
  [[nodiscard]] std::function<void()> removal() {
    return [this] {
      store->delete_stream(ann, ExpectedRevision::any()).value();
      bury();
      scavenge(1);
    };
  }
};

TEST_F(OvertakenPayload, OfAnEventInMemoryThatIsGoneLeavesTheEventOut) {
  append_all();
  Reader reader = store->read_all();
  EXPECT_THAT(numbers(1, removal(), [&] { return reader.next(); }), ElementsAre(2, 3));
}

TEST_F(OvertakenPayload, OfAnEventInAChunkThatIsGoneLeavesTheEventOut) {
  append_all();
  append(filler, 253);
  Reader reader = store->read_all({.filter = {.stream_prefix = "account"}});
  EXPECT_THAT(numbers(2, removal(), [&] { return reader.next(); }), ElementsAre(2, 3));
}

TEST_F(OvertakenPayload, OfAnEventThatASubscriptionHasInMemoryLeavesTheEventOut) {
  auto subscription = store->subscribe().value();
  append_all();
  const auto next = [&]() -> Result<std::span<const RecordedEvent>> {
    const auto batch = subscription.try_next().value();
    EXPECT_EQ(batch.scanned_through, GlobalPosition{3});
    return batch.events;
  };
  EXPECT_THAT(numbers(1, removal(), next), ElementsAre(2, 3));
}

TEST_F(OvertakenPayload, ThatIsMissingFromAnEventThatIsThereIsCorruption) {
  append_all();
  Reader reader = store->read_all();
  clock.interrupt(1, [&] {
    (void)database->write([](Unit& unit) { return unit.exec("DELETE FROM payload WHERE position = 1"); }).value();
    bury();
  });
  const auto read = reader.next();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Errc::corrupt);
}

}  // namespace
}  // namespace cairn
