#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/event_store.hpp>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::make_event;

constexpr std::uint64_t appenders = 3;
constexpr std::uint64_t kept = 50;

StreamId stream_of(std::uint64_t appender) { return StreamId::of("account", std::to_string(appender)).value(); }

/// Events as they come: some may be missing where they were removed before; none comes twice or late.
class Ascending {
 public:
  void take(const RecordedEvent& event) {
    if (seen_ && event.position <= position_) good_ = false;
    seen_ = true;
    position_ = event.position;
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  bool good_ = true;
  bool seen_ = false;
  GlobalPosition position_;
};

TEST(ScavengeUnderLoad, AppendsReadsSubscriptionsAndABackupGoOnBesideIt) {
  auto disk = MemoryVfs::create();
  auto database =
      Database::open({.file = "store.db", .memory = disk.get(), .checkpoint_pages = 50, .wal_bytes_max = 1U << 20U})
          .value();
  auto store =
      EventStore::open(
          *database, {.id_window = 100, .pending_events_max = 200, .pending_events_min = 100, .recent_events_max = 256})
          .value();
  for (std::uint64_t i = 0; i < appenders; ++i) {
    (void)store->append(stream_of(i), ExpectedRevision::no_stream(), make_event(i + 1)).value();
    store->set_retention(stream_of(i), {.events_max = kept}).value();
  }
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> removed{0};
  std::vector<std::jthread> threads;
  for (std::uint64_t i = 0; i < appenders; ++i) {
    threads.emplace_back([&, i] {
      for (std::uint64_t number = 1; !stop; ++number) {
        NewEvent event = make_event(number * appenders + i + 1, "account.deposited", {"owner:ann"});
        if (number % 20 == 0) event.data.resize(20'000);  // its payload is read apart from its frame
        const auto done = store->append(stream_of(i), ExpectedRevision::exactly(number - 1), event);
        ASSERT_TRUE(done) << done.error().to_string();
      }
    });
  }
  const auto reads = [&](auto&& begin) {
    threads.emplace_back([&, begin] {
      while (!stop) {
        Ascending order;
        auto done = begin().for_each([&](const RecordedEvent& event) { order.take(event); });
        ASSERT_TRUE(done) << done.error().to_string();
        ASSERT_TRUE(order.good());
      }
    });
  };
  reads([&] { return store->read_all(); });
  reads([&] { return store->read_all({.filter = {.query = EventQuery::tags({"owner:ann"})}}); });
  reads([&] { return store->read_stream(stream_of(1)); });
  threads.emplace_back([&] {
    auto slow = store->subscribe({.batch_bytes = 4'000}).value();
    Ascending order;
    while (!stop) {
      auto batch = slow.try_next();
      ASSERT_TRUE(batch) << batch.error().to_string();
      for (const RecordedEvent& event : batch->events) order.take(event);
      ASSERT_TRUE(order.good());
    }
  });
  for (int round = 0; removed < 2'500; ++round) {
    const auto report = store->scavenge();
    ASSERT_TRUE(report) << report.error().to_string();
    removed += report->events_removed;
    if (round % 8 == 0) {
      const auto checked = store->verify().value();
      ASSERT_TRUE(checked.good()) << *checked.first_bad;
    }
  }
  ASSERT_TRUE(store->backup("backup.db"));
  stop = true;
  threads.clear();

  for (std::uint64_t i = 0; i < appenders; ++i) {
    EXPECT_EQ(store->read_stream(stream_of(i)).collect().value().size(), kept);
  }
  const auto checked = store->verify().value();
  EXPECT_TRUE(checked.good()) << *checked.first_bad;
  EXPECT_EQ(checked.removed, removed);
  EXPECT_EQ(checked.events + checked.removed, store->head().value);
  ASSERT_TRUE(restore_backup({.backup = "backup.db", .target = "copy.db", .memory = disk.get()}));
  auto restored = Database::open({.file = "copy.db", .writer = WriterMode::stepped, .memory = disk.get()}).value();
  EXPECT_TRUE(EventStore::open(*restored).value()->verify().value().good());
}

}  // namespace
}  // namespace cairn
