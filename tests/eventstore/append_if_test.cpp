#include <gtest/gtest.h>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::make_event;
using test::make_events;
using test::MemoryStore;

const StreamId ann{"user-ann"};
const StreamId bob{"user-bob"};

std::vector<NewEvent> registered(std::uint64_t number, std::vector<std::string> tags) {
  return {make_event(number, "user.registered", std::move(tags))};
}

/// Conditions must read the same from memory, from a half written index and from the tables alone.
class AppendIf : public testing::TestWithParam<std::size_t> {
 protected:
  AppendIf() : store{{.pending_events_max = GetParam(), .pending_events_min = GetParam()}} {}

  void grow(std::uint64_t first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto event = make_events(first + i, 1, "noise");
      ASSERT_TRUE(store->append(StreamId::of("noise", std::to_string(i % 7)).value(), ExpectedRevision::any(), event));
    }
  }

  MemoryStore store;
};

TEST_P(AppendIf, RefusesWhenAnEventMatches) {
  const auto first = registered(1, {"email:ann@example.org"});
  const AppendCondition unused{.fail_if_match = EventQuery::tags({"email:ann@example.org"})};
  const auto appended = store->append_if(unused, {.stream = ann, .events = first});
  ASSERT_TRUE(appended) << appended.error().to_string();
  grow(100, 300);

  const auto second = registered(2, {"email:ann@example.org"});
  const auto refused = store->append_if(unused, {.stream = bob, .events = second});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::conflict);
  EXPECT_EQ(refused.error().number("position"), 1U);

  const auto third = registered(3, {"email:bob@example.org"});
  const AppendCondition other{.fail_if_match = EventQuery::tags({"email:bob@example.org"})};
  EXPECT_TRUE(store->append_if(other, {.stream = bob, .events = third}));
}

TEST_P(AppendIf, LooksOnlyBehindWhatTheDecisionHasRead) {
  ASSERT_TRUE(store->append(ann, ExpectedRevision::any(), registered(1, {"course:c1"})));
  grow(100, 60);
  const GlobalPosition read = store->head();
  const AppendCondition condition{.fail_if_match = EventQuery::tags({"course:c1"}), .after = read};
  ASSERT_TRUE(store->append_if(condition, {.stream = ann, .events = registered(2, {"course:c1"})}));
  const auto refused = store->append_if(condition, {.stream = ann, .events = registered(3, {"course:c1"})});
  EXPECT_EQ(refused.error().number("position"), read.value + 1);
}

TEST_P(AppendIf, NeedsAllTagsAndOneOfTheTypesOfAnItem) {
  ASSERT_TRUE(store->append(ann, ExpectedRevision::any(), registered(1, {"a", "b"})));
  ASSERT_TRUE(store->append(ann, ExpectedRevision::any(), registered(2, {"a"})));
  grow(100, 60);
  struct Case {
    EventQuery query;
    bool matches;
  };
  const std::vector<Case> cases{{EventQuery::tags({"a", "b"}), true},
                                {EventQuery::tags({"b", "c"}), false},
                                {{{{{"user.registered"}, {"b"}}}}, true},
                                {{{{{"user.removed"}, {"b"}}}}, false},
                                {{{{{"user.removed", "user.registered"}, {}}}}, true},
                                {EventQuery::types({"user.removed"}), false},
                                {{{{{}, {"c"}}, {{"noise"}, {}}}}, true}};
  std::uint64_t number = 1'000;
  for (const Case& one : cases) {
    SCOPED_TRACE(number);
    const auto outcome =
        store->append_if({.fail_if_match = one.query}, {.stream = bob, .events = make_events(number++, 1, "probe")});
    EXPECT_EQ(!outcome, one.matches);
  }
}

TEST_P(AppendIf, FactThatExistsIsReportedApart) {
  ASSERT_TRUE(store->append(ann, ExpectedRevision::any(), registered(1, {"command:17"})));
  grow(100, 60);
  const AppendCondition condition{.fail_if_match = EventQuery::tags({"command:18"}),
                                  .after = store->head(),
                                  .fail_if_exists = EventQuery::tags({"command:17"})};
  const auto refused = store->append_if(condition, {.stream = ann, .events = registered(2, {"command:17"})});
  EXPECT_EQ(refused.error().code(), Errc::already_exists);
  EXPECT_EQ(refused.error().number("position"), 1U);
}

TEST_P(AppendIf, RepeatIsRecognisedBeforeItsOwnEventTripsTheCondition) {
  const AppendCondition condition{.fail_if_match = EventQuery::tags({"email:ann@example.org"})};
  const auto events = registered(1, {"email:ann@example.org"});
  ASSERT_TRUE(store->append_if(condition, {.stream = ann, .events = events}));
  const auto repeated = store->append_if(condition, {.stream = ann, .events = events});
  ASSERT_TRUE(repeated);
  EXPECT_TRUE(repeated->repeated);
}

TEST_P(AppendIf, SeesWhatItsOwnUnitAppended) {
  auto outcome = store.database().write([&](Unit& unit) -> Result<void> {
    if (auto done = store->append(unit, ann, ExpectedRevision::any(), registered(1, {"seat:1"})); !done) {
      return done.error();
    }
    const auto refused = store->append_if(unit, {.fail_if_match = EventQuery::tags({"seat:1"})},
                                          {.stream = bob, .events = registered(2, {"seat:1"})});
    EXPECT_EQ(refused.error().code(), Errc::conflict);
    const auto by_type = store->append_if(unit, {.fail_if_match = EventQuery::types({"user.registered"})},
                                          {.stream = bob, .events = registered(3, {"seat:2"})});
    EXPECT_EQ(by_type.error().code(), Errc::conflict);
    return {};
  });
  EXPECT_TRUE(outcome);
  EXPECT_EQ(store->head(), GlobalPosition{1});
}

INSTANTIATE_TEST_SUITE_P(Pending, AppendIf, testing::Values(1, 16, 4'096));

TEST(AppendIfBounds, ConditionThatWouldScanIsTooBroad) {
  MemoryStore store{{.condition_events_max = 20}};
  for (std::uint64_t i = 1; i <= 30; ++i) {
    ASSERT_TRUE(store->append(ann, ExpectedRevision::any(), registered(i, {"busy"})));
  }
  const AppendCondition busy{.fail_if_match = {{{{"user.removed"}, {"busy"}}}}};
  const auto refused = store->append_if(busy, {.stream = ann, .events = make_events(100, 1)});
  EXPECT_EQ(refused.error().code(), Errc::too_broad);
  const AppendCondition recent{.fail_if_match = busy.fail_if_match, .after = {15}};
  EXPECT_TRUE(store->append_if(recent, {.stream = ann, .events = make_events(101, 1)}));

  const AppendCondition everything{.fail_if_match = {{{}}}};
  EXPECT_EQ(store->append_if(everything, {.stream = ann, .events = make_events(102, 1)}).error().code(),
            Errc::too_broad);
}

}  // namespace
}  // namespace cairn
