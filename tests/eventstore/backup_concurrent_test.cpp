#include <cairn/eventstore/backup.hpp>

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

/// A store with a writer of its own, and threads that append to it as fast as it takes.
class LoadedStore {
 public:
  LoadedStore() {
    store = EventStore::open(*database, {.pending_events_max = 200, .pending_events_min = 100}).value();
    for (std::uint64_t i = 0; i < appenders; ++i) {
      threads_.emplace_back([this, i] {
        const auto stream = StreamId::of("account", std::to_string(i)).value();
        for (std::uint64_t number = 1; !stop_; ++number) {
          NewEvent event = make_event(number * appenders + i, "account.deposited", {"owner:ann"});
          if (number % 40 == 0) event.data.resize(20'000);
          const auto done = store->append(stream, ExpectedRevision::any(), event);
          ASSERT_TRUE(done) << done.error().to_string();
        }
      });
    }
  }
  ~LoadedStore() { end_load(); }
  void end_load() {
    stop_ = true;
    threads_.clear();
  }

  std::unique_ptr<MemoryVfs> disk = MemoryVfs::create();
  std::unique_ptr<Database> database =
      Database::open({.file = "store.db", .memory = disk.get(), .checkpoint_pages = 50, .wal_bytes_max = 1U << 20U})
          .value();
  std::unique_ptr<EventStore> store;

 private:
  std::atomic<bool> stop_ = false;
  std::vector<std::jthread> threads_;
};

std::vector<OwnedEvent> dump(const EventStore& store, GlobalPosition to) {
  if (to.value == 0) return {};
  return store.read_all({.to = to, .filter = {.system = true}}).collect().value();
}

TEST(BackupUnderLoad, FiftyAreRestoredVerifiedAndAppendedTo) {
  LoadedStore loaded;
  std::vector<GlobalPosition> positions;
  for (int round = 0; round < 50; ++round) {
    const std::string name = "backup-" + std::to_string(round);
    const GlobalPosition before = loaded.store->head();
    const auto report = loaded.store->backup(name, {.step_pages = 16});
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_GE(report->position, before) << "what was acknowledged before is in it";
    EXPECT_LE(report->position, loaded.store->head());
    positions.push_back(report->position);
  }
  loaded.end_load();
  EXPECT_GT(positions.back(), positions.front()) << "nothing was appended meanwhile";
  for (std::size_t round = 0; round < positions.size(); ++round) {
    SCOPED_TRACE(round);
    const std::string name = "restored-" + std::to_string(round);
    const DatabaseRestore restore{
        .backup = "backup-" + std::to_string(round), .target = name, .memory = loaded.disk.get()};
    ASSERT_TRUE(restore_backup(restore));
    auto database = Database::open({.file = name, .writer = WriterMode::stepped, .memory = loaded.disk.get()}).value();
    auto copy = EventStore::open(*database).value();
    const auto verified = copy->verify().value();
    ASSERT_TRUE(verified.good()) << *verified.first_bad;
    EXPECT_EQ(copy->head(), positions[round]);
    if (round % 10 == 9) {
      EXPECT_EQ(dump(*copy, copy->head()), dump(*loaded.store, positions[round]));
    }
    const auto appended = copy->append(StreamId{"account-new"}, ExpectedRevision::no_stream(), make_event(1U << 30U));
    ASSERT_TRUE(appended) << appended.error().to_string();
    EXPECT_EQ(appended->first_position.value, positions[round].value + 1);
    copy.reset();
    ASSERT_TRUE(database->close());
    loaded.disk->remove_file(name);
  }
}

// Whichever comes first of the last step and the close, neither waits for the other for ever.
TEST(BackupUnderLoad, EndsWhenTheDatabaseIsClosed) {
  for (int round = 0; round < 10; ++round) {
    auto disk = MemoryVfs::create();
    auto database = Database::open({.file = "store.db", .memory = disk.get()}).value();
    auto store = EventStore::open(*database).value();
    ASSERT_TRUE(store->append(StreamId{"a-1"}, ExpectedRevision::any(), test::make_events(1, 3'000)));
    std::atomic<int> steps = 0;
    Result<BackupReport> outcome = BackupReport{};
    {
      const std::jthread backup{[&] {
        outcome = store->backup("backup.db", {.on_progress =
                                                  [&](const CopyProgress&) {
                                                    ++steps;
                                                    steps.notify_all();
                                                  },
                                              .step_pages = 4});
        steps = 1'000;
        steps.notify_all();
      }};
      steps.wait(0);
      ASSERT_TRUE(database->close());
    }
    if (!outcome) {
      EXPECT_EQ(outcome.error().code(), Errc::cancelled) << outcome.error().to_string();
    }
    EXPECT_EQ(disk->read_file("backup.db").has_value(), outcome.has_value());
    EXPECT_FALSE(disk->read_file("backup.db.cairn-partial").has_value());
    store.reset();
    database.reset();
  }
}

}  // namespace
}  // namespace cairn
