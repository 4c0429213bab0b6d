#include <atomic>
#include <cstdint>
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
using test::make_events;

const StreamId ann{"account-ann"};
const StreamId bob{"account-bob"};

struct ReadCase {
  const char* name;
  Reader (*read)(const EventStore& store);
};
void PrintTo(const ReadCase& one, std::ostream* out) { *out << one.name; }

class ReadUnderLoad : public testing::TestWithParam<ReadCase> {};

TEST_P(ReadUnderLoad, GivesEveryEventWhileIndexEntriesMoveFromMemoryToTheFile) {
  constexpr std::uint64_t events = 600;
  auto disk = MemoryVfs::create();
  auto database = Database::open({.file = "store.db", .memory = disk.get(), .checkpoint_pages = 50}).value();
  auto store = EventStore::open(*database, {.pending_events_max = 32, .pending_events_min = 32}).value();
  // Scattered, so that each chunk holds a few of them and a step is full after one.
  for (std::uint64_t i = 0; i < events; ++i) {
    (void)store->append(ann, ExpectedRevision::any(), make_event(i + 1, "account.opened")).value();
    (void)store->append(bob, ExpectedRevision::any(), make_events(10'000 + i * 4, 4)).value();
  }
  std::atomic<bool> stop{false};
  std::jthread appender{[&] {
    for (std::uint64_t number = 100'000; !stop; ++number) {
      (void)store->append(bob, ExpectedRevision::any(), make_event(number)).value();
    }
  }};
  for (int round = 0; round < 200; ++round) {
    std::uint64_t read = 0;
    const auto done = GetParam().read(*store).for_each([&read](const RecordedEvent&) { ++read; });
    EXPECT_TRUE(done) << done.error().to_string();
    EXPECT_EQ(read, events) << "round " << round;
    if (HasFailure()) break;
  }
  stop = true;
}

INSTANTIATE_TEST_SUITE_P(
    Each, ReadUnderLoad,
    testing::Values(ReadCase{"AStreamForward",
                             [](const EventStore& store) { return store.read_stream(ann, {.step_bytes = 1}); }},
                    ReadCase{"AStreamBackward",
                             [](const EventStore& store) {
                               return store.read_stream(ann, {.direction = Direction::backward, .step_bytes = 1});
                             }},
                    ReadCase{"AType",
                             [](const EventStore& store) {
                               return store.read_all(
                                   {.filter = {.query = EventQuery::types({"account.opened"})}, .step_bytes = 1});
                             }}),
    testing::PrintToStringParamName());

}  // namespace
}  // namespace cairn
