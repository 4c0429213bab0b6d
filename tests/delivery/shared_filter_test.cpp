#include "shared_filter.hpp"

#include <array>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>
#include <cairn/eventstore/filter_match.hpp>
#include <cairn/eventstore/metadata_bytes.hpp>

#include "delivery/runner_box.hpp"
#include "support/memory_store.hpp"
#include "support/seed.hpp"

namespace cairn {
namespace {

EventFilter random_filter(SeededRandom& random) {
  const auto maybe = [&] { return random.below(2) == 0; };
  EventFilter filter;
  if (maybe()) filter.category = maybe() ? "account" : "order";
  if (maybe()) filter.stream_prefix = maybe() ? "account-1" : "order-";
  for (std::uint64_t items = random.below(3); items > 0; --items) {
    EventQueryItem item;
    if (maybe()) item.types.emplace_back(maybe() ? "x" : "y");
    if (maybe()) item.tags.emplace_back(maybe() ? "red" : "big");
    filter.query.items.push_back(std::move(item));
  }
  filter.system = maybe();
  return filter;
}

/// Events of all kinds that the filters above tell apart.
std::unique_ptr<test::RunnerBox> store_of_all_kinds() {
  auto box = std::make_unique<test::RunnerBox>();
  std::uint64_t number = 0;
  for (const char* stream : {"account-1", "account-2", "order-1", "$run-1"}) {
    for (const char* type : {"x", "y", "z"}) {
      for (const auto& tags : std::vector<std::vector<std::string>>{{}, {"red"}, {"red", "big"}}) {
        (void)box->events()
            .append(StreamId::parse(stream).value(), ExpectedRevision::any(), test::make_event(++number, type, tags))
            .value();
      }
    }
  }
  return box;
}

TEST(FilterMatch, AgreesWithWhatAReadHandsOut) {
  const auto box = store_of_all_kinds();
  for (const std::uint64_t seed : test::seeds(200)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    const EventFilter filter = random_filter(random);
    std::vector<GlobalPosition> read;
    box->events()
        .read_all({.filter = filter})
        .for_each([&](const RecordedEvent& event) { read.push_back(event.position); })
        .value();
    std::vector<GlobalPosition> matched;
    box->events()
        .read_all({.filter = {.system = true}})
        .for_each([&](const RecordedEvent& event) {
          if (matches(filter, event)) matched.push_back(event.position);
        })
        .value();
    ASSERT_EQ(matched, read);
  }
}

TEST(SharedFilter, LetsThroughWhateverOneOfThemDoes) {
  const auto box = store_of_all_kinds();
  for (const std::uint64_t seed : test::seeds(200)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    const std::array filters{random_filter(random), random_filter(random), random_filter(random)};
    const std::array pointers{&filters[0], &filters[1], &filters[2]};
    const EventFilter shared = delivery::shared_filter(pointers);
    box->events()
        .read_all({.filter = {.system = true}})
        .for_each([&](const RecordedEvent& event) {
          for (const EventFilter& filter : filters) {
            EXPECT_LE(matches(filter, event), matches(shared, event)) << event.position.value;
          }
        })
        .value();
  }
}

TEST(SharedFilter, IsTheirOwnWhenTheyAreTheSame) {
  const EventFilter filter{.category = "account", .query = EventQuery::types({"x"})};
  const std::array pointers{&filter, &filter};
  EXPECT_TRUE(delivery::same(delivery::shared_filter(pointers), filter));
}

TEST(SharedFilter, JoinsTheTypesOfOneCategory) {
  const EventFilter a{.category = "account", .query = EventQuery::types({"x"})};
  const EventFilter b{.category = "account", .query = EventQuery::types({"y"})};
  const std::array pointers{&a, &b};
  const EventFilter joined{.category = "account", .query = {{{{"x"}, {}}, {{"y"}, {}}}}};
  EXPECT_TRUE(delivery::same(delivery::shared_filter(pointers), joined));
}

}  // namespace
}  // namespace cairn
