#include <algorithm>

#include <gtest/gtest.h>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::make_event;
using test::make_events;
using test::MemoryStore;

std::vector<std::uint64_t> positions(const std::vector<OwnedEvent>& events) {
  std::vector<std::uint64_t> all;
  for (const OwnedEvent& event : events) all.push_back(event.position.value);
  return all;
}

std::vector<std::uint64_t> revisions(const std::vector<OwnedEvent>& events) {
  std::vector<std::uint64_t> all;
  for (const OwnedEvent& event : events) all.push_back(event.revision.value);
  return all;
}

std::vector<std::uint64_t> range(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = from; i <= to; ++i) all.push_back(i);
  return all;
}

std::vector<std::uint64_t> reversed(std::vector<std::uint64_t> values) {
  std::reverse(values.begin(), values.end());
  return values;
}

/// 1,000 events: position p is in stream "<category>-<p % 10>", of type "t<p % 3>", tagged "five" when 5 divides p.
/// The parameter is how many events may wait outside the index tables.
class Read : public testing::TestWithParam<std::size_t> {
 protected:
  static constexpr std::uint64_t count = 1'000;

  Read() : store{{.pending_events_max = GetParam(), .pending_events_min = GetParam()}} {
    for (std::uint64_t p = 1; p <= count; ++p) {
      const std::string type = "t" + std::to_string(p % 3);
      std::vector<std::string> tags;
      if (p % 5 == 0) tags.emplace_back("five");
      if (p % 7 == 0) tags.emplace_back("seven");
      const StreamId stream = StreamId::of(p % 2 == 0 ? "even" : "odd", std::to_string(p % 10)).value();
      EXPECT_TRUE(store->append(stream, ExpectedRevision::any(), make_event(p, type, tags)));
    }
  }

  template <class Predicate>
  static std::vector<std::uint64_t> where(Predicate predicate) {
    std::vector<std::uint64_t> all;
    for (std::uint64_t p = 1; p <= count; ++p) {
      if (predicate(p)) all.push_back(p);
    }
    return all;
  }

  void expect_filtered(const EventFilter& filter, const std::vector<std::uint64_t>& expected) {
    EXPECT_EQ(positions(store->read_all({.filter = filter}).collect().value()), expected);
    EXPECT_EQ(positions(store->read_all({.direction = Direction::backward, .filter = filter}).collect().value()),
              reversed(expected));
    ReadAll middle{.from = GlobalPosition{300}, .to = GlobalPosition{700}, .filter = filter};
    std::vector<std::uint64_t> inside;
    for (const std::uint64_t p : expected) {
      if (p >= 300 && p <= 700) inside.push_back(p);
    }
    EXPECT_EQ(positions(store->read_all(middle).collect().value()), inside);
    middle.events_max = 3;
    inside.resize(std::min<std::size_t>(inside.size(), 3));
    EXPECT_EQ(positions(store->read_all(middle).collect().value()), inside);
  }

  MemoryStore store;
};

TEST_P(Read, AllForwardAndBackwardWithinBounds) {
  EXPECT_EQ(positions(store->read_all().collect().value()), range(1, count));
  EXPECT_EQ(positions(store->read_all({.direction = Direction::backward}).collect().value()),
            reversed(range(1, count)));
  for (const auto& [from, to] : {std::pair{1, 1}, {1, 256}, {256, 257}, {250, 520}, {900, 1'000}, {1'000, 1'000}}) {
    const GlobalPosition low{static_cast<std::uint64_t>(from)};
    const GlobalPosition high{static_cast<std::uint64_t>(to)};
    EXPECT_EQ(positions(store->read_all({.from = low, .to = high}).collect().value()), range(low.value, high.value));
    EXPECT_EQ(positions(store->read_all({.direction = Direction::backward, .from = high, .to = low}).collect().value()),
              reversed(range(low.value, high.value)));
  }
  EXPECT_TRUE(store->read_all({.from = GlobalPosition{1'001}}).collect().value().empty());
  EXPECT_EQ(positions(store->read_all({.events_max = 300}).collect().value()), range(1, 300));
}

TEST_P(Read, StreamForwardAndBackwardWithinBounds) {
  const StreamId stream{"odd-3"};
  EXPECT_EQ(revisions(store->read_stream(stream).collect().value()), range(0, 99));
  EXPECT_EQ(positions(store->read_stream(stream).collect().value()), where([](auto p) { return p % 10 == 3; }));
  EXPECT_EQ(revisions(store->read_stream(stream, {.direction = Direction::backward}).collect().value()),
            reversed(range(0, 99)));
  EXPECT_EQ(revisions(store->read_stream(stream, {.from = Revision{40}, .to = Revision{44}}).collect().value()),
            range(40, 44));
  EXPECT_EQ(
      revisions(store->read_stream(stream, {.direction = Direction::backward, .from = Revision{44}, .to = Revision{40}})
                    .collect()
                    .value()),
      reversed(range(40, 44)));
  EXPECT_EQ(revisions(store->read_stream(stream, {.from = Revision{98}, .events_max = 10}).collect().value()),
            range(98, 99));
  EXPECT_TRUE(store->read_stream(stream, {.from = Revision{100}}).collect().value().empty());
  EXPECT_TRUE(store->read_stream(StreamId{"odd-4"}).collect().value().empty());
  EXPECT_EQ(store->stream_head(stream).value(), Revision{99});
  EXPECT_EQ(store->stream_head(StreamId{"odd-4"}).value(), std::nullopt);
}

TEST_P(Read, FiltersByCategoryTypeTagAndPrefix) {
  expect_filtered({.category = "even"}, where([](auto p) { return p % 2 == 0; }));
  expect_filtered({.category = "nobody"}, {});
  expect_filtered({.stream_prefix = "odd-3"}, where([](auto p) { return p % 10 == 3; }));
  expect_filtered({.query = EventQuery::types({"t1"})}, where([](auto p) { return p % 3 == 1; }));
  expect_filtered({.query = EventQuery::types({"t1", "t2", "t9"})}, where([](auto p) { return p % 3 != 0; }));
  expect_filtered({.query = EventQuery::tags({"five"})}, where([](auto p) { return p % 5 == 0; }));
  expect_filtered({.query = EventQuery::tags({"five", "seven"})}, where([](auto p) { return p % 35 == 0; }));
  expect_filtered({.query = {{{{"t1"}, {"five"}}, {{"t2"}, {}}}}},
                  where([](auto p) { return p % 3 == 2 || (p % 3 == 1 && p % 5 == 0); }));
  expect_filtered({.category = "odd", .query = EventQuery::tags({"five"})},
                  where([](auto p) { return p % 5 == 0 && p % 2 == 1; }));
  expect_filtered({.category = "odd", .query = {{{}}}}, where([](auto p) { return p % 2 == 1; }));
  expect_filtered({.query = EventQuery::tags({"nobody"})}, {});
}

TEST_P(Read, GivesTheSameAfterReopeningAndAfterAKill) {
  const auto before = store.dump();
  const auto tagged = store->read_all({.filter = {.query = EventQuery::tags({"five"})}}).collect().value();
  store.settle();
  store.reopen();
  EXPECT_EQ(store.dump(), before);
  store.kill();
  EXPECT_EQ(store.dump(), before);
  EXPECT_EQ(store->read_all({.filter = {.query = EventQuery::tags({"five"})}}).collect().value(), tagged);
  const auto report = store->verify().value();
  EXPECT_TRUE(report.good()) << *report.first_bad;
  EXPECT_EQ(report.events, count);
}

TEST_P(Read, ForwardReaderFindsWhatWasAppendedAfterItReachedTheEnd) {
  Reader reader = store->read_all({.from = GlobalPosition{1'000}});
  EXPECT_EQ(reader.next().value().size(), 1U);
  EXPECT_TRUE(reader.next().value().empty());
  EXPECT_EQ(reader.scanned_through(), GlobalPosition{1'000});
  ASSERT_TRUE(store->append(StreamId{"odd-3"}, ExpectedRevision::any(), make_events(2'000, 2)));
  EXPECT_EQ(reader.next().value().size(), 2U);

  Reader stream = store->read_stream(StreamId{"odd-3"}, {.from = Revision{102}});
  EXPECT_TRUE(stream.next().value().empty());
  ASSERT_TRUE(store->append(StreamId{"odd-3"}, ExpectedRevision::any(), make_event(2'010)));
  EXPECT_EQ(stream.next().value().size(), 1U);
}

TEST_P(Read, ScansOnWhenAFilterLetsNothingThrough) {
  Reader sparse = store->read_all({.filter = {.query = EventQuery::tags({"nobody"})}});
  EXPECT_TRUE(sparse.next().value().empty());
  EXPECT_EQ(sparse.scanned_through(), GlobalPosition{count});
}

TEST_P(Read, LeavesSystemStreamsOutUnlessAskedFor) {
  ASSERT_TRUE(store->append(StreamId{"$run-1"}, ExpectedRevision::any(), make_event(5'000, "t1", {"five"})));
  EXPECT_EQ(store->read_all().collect().value().size(), count);
  EXPECT_EQ(store->read_all({.filter = {.system = true}}).collect().value().size(), count + 1);
  const EventFilter five{.query = EventQuery::tags({"five"})};
  EXPECT_EQ(store->read_all({.filter = five}).collect().value().size(), count / 5);
  EXPECT_EQ(store->read_all({.filter = {.category = "$run"}}).collect().value().size(), 0U);
  EXPECT_EQ(store->read_all({.filter = {.category = "$run", .system = true}}).collect().value().size(), 1U);
  EXPECT_EQ(store->read_stream(StreamId{"$run-1"}).collect().value().size(), 1U);
}

TEST_P(Read, SmallStepsGiveTheSameEvents) {
  const auto all = store.dump();
  EXPECT_EQ(store->read_all({.step_bytes = 1}).collect().value(), all);
  EXPECT_EQ(store->read_stream(StreamId{"odd-3"}, {.step_bytes = 1}).collect().value().size(), 100U);
}

INSTANTIATE_TEST_SUITE_P(Pending, Read, testing::Values(1, 100, 65'536));

struct LargePayloads {
  const char* name;
  Direction direction;
  EventFilter filter;
  bool stream;
};
void PrintTo(const LargePayloads& each, std::ostream* out) { *out << each.name; }

class ReadLargePayloads : public testing::TestWithParam<LargePayloads> {};

// Some in full chunks, some in the tail: what a reader holds is bounded by its step wherever they stand.
TEST_P(ReadLargePayloads, HandsOutAboutAStepOfBytesAtATimeAndLeavesNoneOut) {
  constexpr std::size_t size = 20'000;
  constexpr std::size_t step = 5 * size;
  constexpr std::uint64_t count = 600;
  MemoryStore store;
  const StreamId stream{"large-1"};
  for (std::uint64_t number = 1; number <= count; ++number) {
    NewEvent event = make_event(number);
    event.data.assign(size, std::byte(number & 0xFFU));
    ASSERT_TRUE(store->append(stream, ExpectedRevision::any(), event));
  }
  const LargePayloads& how = GetParam();
  Reader reader = how.stream ? store->read_stream(stream, {.direction = how.direction, .step_bytes = step})
                             : store->read_all({.direction = how.direction, .filter = how.filter, .step_bytes = step});
  std::vector<std::uint64_t> seen;
  for (auto batch = reader.next().value(); !batch.empty(); batch = reader.next().value()) {
    ASSERT_LE(batch.size() * size, step + size);
    for (const RecordedEvent& event : batch) {
      ASSERT_EQ(event.data.size(), size);
      ASSERT_EQ(event.data.back(), std::byte(event.position.value & 0xFFU));
      seen.push_back(event.position.value);
    }
  }
  EXPECT_EQ(seen, how.direction == Direction::forward ? range(1, count) : reversed(range(1, count)));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ReadLargePayloads,
    testing::Values(LargePayloads{"ScanForward", Direction::forward, {}, false},
                    LargePayloads{"ScanBackward", Direction::backward, {}, false},
                    LargePayloads{"IndexForward", Direction::forward, {.category = "large"}, false},
                    LargePayloads{"IndexBackward", Direction::backward, {.category = "large"}, false},
                    LargePayloads{"StreamForward", Direction::forward, {}, true},
                    LargePayloads{"StreamBackward", Direction::backward, {}, true}),
    [](const auto& param) { return std::string{param.param.name}; });

}  // namespace
}  // namespace cairn
