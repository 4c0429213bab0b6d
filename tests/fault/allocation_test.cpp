#include <algorithm>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/simulated_clock.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/snapshots.hpp>

#include "fault/failing_memory.hpp"
#include "support/memory_store.hpp"

// Each allocation of an operation fails in turn, the program's and SQLite's. The operation may say so with an error or
// with std::bad_alloc; the process goes on, nothing leaks (the sanitizer's part), and the store is what it was or what
// it was to become.

namespace cairn {
namespace {

using test::FailingAllocation;
using test::make_event;
using test::make_events;
using test::Memory;

constexpr std::uint64_t events_before = 300;  // a chunk and a tail

DatabaseOptions database_options(MemoryVfs& disk, WriterMode writer) {
  return {.file = "store.db", .writer = writer, .memory = &disk};
}
EventStoreOptions log_options() { return {.pending_events_max = 128, .pending_events_min = 64}; }

/// A store with some events, as its owner left it when it closed.
const MemoryVfs& filled_disk() {
  static const std::unique_ptr<MemoryVfs> disk = [] {
    test::install_failing_sqlite_memory();
    auto made = MemoryVfs::create();
    SimulatedClock clock;
    auto database = Database::open(database_options(*made, WriterMode::stepped), {.clock = &clock}).value();
    auto store = EventStore::open(*database, log_options(), {.clock = &clock}).value();
    for (std::uint64_t number = 1; number <= events_before; number += 3) {
      const std::vector<NewEvent> events{make_event(number), make_event(number + 1, "account.closed"),
                                         make_event(number + 2, "account.deposited", {"owner:ann"})};
      (void)store->append(StreamId::of("account", std::to_string(number % 7)).value(), ExpectedRevision::any(), events)
          .value();
    }
    while (database->step(1).value()) {
    }
    store.reset();
    database->close().value();
    return made;
  }();
  return *disk;
}

struct OpenStore {
  explicit OpenStore(WriterMode writer)
      : disk{filled_disk().clone()},
        database{Database::open(database_options(*disk, writer), {.clock = &clock}).value()},
        events{EventStore::open(*database, log_options(), {.clock = &clock}).value()} {}

  [[nodiscard]] std::vector<OwnedEvent> dump() const { return events->read_all().collect().value(); }

  SimulatedClock clock;
  std::unique_ptr<MemoryVfs> disk;
  std::unique_ptr<Database> database;
  std::unique_ptr<EventStore> events;
};

std::vector<NewEvent> added() {
  std::vector<NewEvent> events = make_events(1'000, 4);
  events.push_back(make_event(1'004, "account.renamed", {"owner:ann", "email:ann@example.org"}));
  events.push_back(make_event(1'005));
  events.back().data.resize(20'000);
  return events;
}
const StreamId stream{"account-new"};

struct Operation {
  const char* name;
  /// Made before memory runs out, and gone after it came back.
  std::function<std::function<Result<void>(OpenStore&)>(OpenStore&)> prepare;
  bool writes = false;
};
void PrintTo(const Operation& operation, std::ostream* out) { *out << operation.name; }

Result<void> outcome_of(const auto& result) { return result ? Result<void>{} : Result<void>{Error{result.error()}}; }

Operation append() {
  return {.name = "Append",
          .prepare =
              [](OpenStore&) {
                return [events = added()](OpenStore& store) {
                  return outcome_of(store.events->append(stream, ExpectedRevision::no_stream(), events));
                };
              },
          .writes = true};
}

Operation append_if() {
  return {.name = "AppendIf",
          .prepare =
              [](OpenStore&) {
                return [events = added()](OpenStore& store) {
                  return outcome_of(store.events->append_if(
                      {.fail_if_match = EventQuery::tags({"owner:ann"}), .after = GlobalPosition{events_before}},
                      {.stream = stream, .events = events}));
                };
              },
          .writes = true};
}

Operation append_that_fills_a_chunk() {
  return {
      .name = "AppendThatFillsAChunk",
      .prepare =
          [](OpenStore& store) {
            (void)store.events->append(StreamId{"filler"}, ExpectedRevision::any(), make_events(2'000, 211)).value();
            return [events = added()](OpenStore& open) {
              return outcome_of(open.events->append(stream, ExpectedRevision::any(), events));
            };
          },
      .writes = true};
}

Operation read(const char* name, const ReadAll& options) {
  return {.name = name, .prepare = [options](OpenStore&) {
            return [options](OpenStore& store) {
              return store.events->read_all(options).for_each([](const RecordedEvent&) {});
            };
          }};
}

Operation read_stream() {
  return {.name = "ReadStream", .prepare = [](OpenStore&) {
            return [](OpenStore& store) {
              return store.events->read_stream(StreamId{"account-3"}).for_each([](const RecordedEvent&) {});
            };
          }};
}

/// `from` is where the subscription stands when memory runs out.
Operation follow(const char* name, const SubscribeAll& options) {
  return {.name = name, .prepare = [options](OpenStore& store) {
            auto subscription = std::make_shared<Subscription>(store.events->subscribe(options).value());
            (void)store.events->append(StreamId{"account-1"}, ExpectedRevision::any(), make_event(3'000)).value();
            return [subscription](OpenStore&) -> Result<void> {
              for (;;) {
                auto batch = subscription->try_next();
                if (!batch) return std::move(batch).error();
                if (batch->caught_up) return {};
              }
            };
          }};
}

class AllocationFailure : public testing::TestWithParam<std::tuple<Operation, Memory, WriterMode>> {};

TEST_P(AllocationFailure, LeavesTheStoreUnharmed) {
  const auto& [operation, memory, writer] = GetParam();
  (void)filled_disk();
  std::uint64_t number = 1;
  for (bool fired = true; fired; ++number) {
    SCOPED_TRACE("allocation " + std::to_string(number));
    ASSERT_LT(number, 20'000U) << "the operation never gets by";
    OpenStore store{writer};
    const auto run = operation.prepare(store);
    const std::vector<OwnedEvent> before = store.dump();

    std::optional<Result<void>> outcome;  // nothing: std::bad_alloc
    {
      const FailingAllocation failing{memory, number};
      try {
        outcome = run(store);
      } catch (const std::bad_alloc&) {
        outcome.reset();
      }
      fired = FailingAllocation::fired();
    }

    if (store.database->fenced()) {
      ASSERT_TRUE(store.database->recover());
    }
    const std::vector<OwnedEvent> after = store.dump();
    const std::size_t more = operation.writes ? added().size() : 0;
    ASSERT_GE(after.size(), before.size());
    EXPECT_TRUE(std::equal(before.begin(), before.end(), after.begin()));
    EXPECT_TRUE(after.size() == before.size() || after.size() == before.size() + more) << "a part of a batch";
    if (outcome && *outcome) {
      EXPECT_EQ(after.size(), before.size() + more);
    } else if (!outcome || outcome->error().code() != Errc::outcome_unknown) {
      EXPECT_EQ(after.size(), before.size()) << (outcome ? outcome->error().to_string() : "std::bad_alloc");
    }
    if (!fired) {
      EXPECT_TRUE(outcome && *outcome);
    }

    // Again, with memory: the log goes on where it stood.
    const auto again = run(store);
    EXPECT_TRUE(again || again.error().code() == Errc::conflict) << again.error().to_string();
    EXPECT_EQ(store.dump().size(), before.size() + more);
    const auto report = store.events->verify().value();
    EXPECT_TRUE(report.good()) << *report.first_bad;
    if (HasFailure()) return;
  }
  EXPECT_GT(number, 2U) << "nothing was allocated: the test tests nothing";
}

std::string name_of(const testing::TestParamInfo<AllocationFailure::ParamType>& info) {
  const auto& [operation, memory, writer] = info.param;
  return std::string{operation.name} + (memory == Memory::program ? "Program" : "Sqlite") +
         (writer == WriterMode::stepped ? "Stepped" : "Threaded");
}

const auto reading_and_writing = testing::Values(
    append(), append_if(), append_that_fills_a_chunk(), read("ReadAll", {}),
    read("ReadByTag", {.filter = {.query = EventQuery::tags({"owner:ann"})}}),
    read("ReadBackward", {.direction = Direction::backward}), read_stream(), follow("FollowFromTheBeginning", {}));
const auto writers = testing::Values(WriterMode::stepped, WriterMode::thread);

INSTANTIATE_TEST_SUITE_P(Of, AllocationFailure,
                         testing::Combine(reading_and_writing, testing::Values(Memory::program, Memory::sqlite),
                                          writers),
                         name_of);

// What is in memory is followed without SQLite.
INSTANTIATE_TEST_SUITE_P(OfFollowers, AllocationFailure,
                         testing::Combine(testing::Values(follow("FollowFromTheEnd", {.from = StartPosition::end()}),
                                                          follow("FollowAFilter", {.from = StartPosition::end(),
                                                                                   .filter = {.category = "account"}})),
                                          testing::Values(Memory::program), writers),
                         name_of);

}  // namespace
}  // namespace cairn
