#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::event_id;
using test::make_event;
using test::make_events;
using test::MemoryStore;

const StreamId account{"account-42"};

TEST(Append, GivesDenseRevisionsAndPositions) {
  MemoryStore store;
  const auto first = store->append(account, ExpectedRevision::no_stream(), make_events(1, 3)).value();
  const auto other = store->append(StreamId{"account-7"}, ExpectedRevision::no_stream(), make_event(4)).value();
  const auto second = store->append(account, ExpectedRevision::exactly(2), make_events(5, 2)).value();
  EXPECT_EQ(first, (Appended{{0}, {2}, {1}, {3}, false}));
  EXPECT_EQ(other, (Appended{{0}, {0}, {4}, {4}, false}));
  EXPECT_EQ(second, (Appended{{3}, {4}, {5}, {6}, false}));
  EXPECT_EQ(store->head(), GlobalPosition{6});
  EXPECT_EQ(store->stream_head(account).value(), Revision{4});
}

TEST(Append, KeepsEveryFieldOfAnEvent) {
  MemoryStore store;
  NewEvent event = make_event(1, "account.opened", {"email:ann@example.org", "country:nl"});
  event.schema_version = 7;
  event.content_type = ContentType::binary;
  event.metadata.correlation_id = event_id(100);
  event.metadata.causation_id = event_id(101);
  event.metadata.occurred_at = Timestamp{std::chrono::microseconds{-5}};
  event.metadata.headers = {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};
  ASSERT_TRUE(store->append(account, ExpectedRevision::any(), event));
  for (const bool reopened : {false, true}) {
    if (reopened) store.reopen();
    const OwnedEvent stored = store.dump().at(0);
    EXPECT_EQ(stored.position, GlobalPosition{1});
    EXPECT_EQ(stored.stream, "account-42");
    EXPECT_EQ(stored.revision, Revision{0});
    EXPECT_EQ(stored.id, event.id);
    EXPECT_EQ(stored.type, event.type);
    EXPECT_EQ(stored.schema_version, 7U);
    EXPECT_EQ(stored.content_type, ContentType::binary);
    EXPECT_EQ(stored.recorded_at, store.clock().now());
    EXPECT_EQ(stored.data, event.data);
    EXPECT_EQ(stored.metadata, event.metadata);
  }
}

struct Expectation {
  const char* name;
  ExpectedRevision expected;
  bool holds_on_missing;
  bool holds_at_revision_1;
};

class Expectations : public testing::TestWithParam<Expectation> {};

TEST_P(Expectations, AreCheckedAgainstTheStream) {
  const Expectation& expectation = GetParam();
  MemoryStore store;
  const auto missing = store->append(account, expectation.expected, make_event(50));
  EXPECT_EQ(missing.has_value(), expectation.holds_on_missing);
  if (!missing) {
    EXPECT_EQ(missing.error().code(), Errc::conflict);
    EXPECT_EQ(actual_revision(missing.error()), std::nullopt);
    EXPECT_EQ(store->head(), GlobalPosition{0});
  }

  MemoryStore grown;
  ASSERT_TRUE(grown->append(account, ExpectedRevision::no_stream(), make_events(1, 2)));
  const auto appended = grown->append(account, expectation.expected, make_event(50));
  EXPECT_EQ(appended.has_value(), expectation.holds_at_revision_1);
  if (!appended) {
    EXPECT_EQ(appended.error().code(), Errc::conflict);
    EXPECT_EQ(actual_revision(appended.error()), Revision{1});
    EXPECT_EQ(grown->head(), GlobalPosition{2});
  }
}

INSTANTIATE_TEST_SUITE_P(Append, Expectations,
                         testing::Values(Expectation{"any", ExpectedRevision::any(), true, true},
                                         Expectation{"no_stream", ExpectedRevision::no_stream(), true, false},
                                         Expectation{"stream_exists", ExpectedRevision::stream_exists(), false, true},
                                         Expectation{"exactly_0", ExpectedRevision::exactly(0), false, false},
                                         Expectation{"exactly_1", ExpectedRevision::exactly(1), false, true},
                                         Expectation{"exactly_2", ExpectedRevision::exactly(2), false, false}),
                         [](const auto& test) { return test.param.name; });

TEST(Append, ConflictSaysWhatWasExpectedAndWhatIsThere) {
  MemoryStore store;
  ASSERT_TRUE(store->append(account, ExpectedRevision::no_stream(), make_events(1, 8)));
  const auto refused = store->append(account, ExpectedRevision::exactly(6), make_event(9));
  EXPECT_EQ(refused.error().to_string(), "conflict: append account-42: expected revision 6, actual revision 7");
}

TEST(Append, RepeatedBatchIsAnsweredWithItsOriginalPlace) {
  struct Case {
    const char* name;
    ExpectedRevision expected;
  };
  for (const Case& repeat : {Case{"exactly", ExpectedRevision::exactly(1)}, Case{"any", ExpectedRevision::any()},
                             Case{"stream_exists", ExpectedRevision::stream_exists()}}) {
    SCOPED_TRACE(repeat.name);
    MemoryStore store;
    ASSERT_TRUE(store->append(account, ExpectedRevision::no_stream(), make_events(1, 2)));
    const auto batch = make_events(3, 3);
    const auto original = store->append(account, repeat.expected, batch).value();
    ASSERT_TRUE(store->append(account, ExpectedRevision::any(), make_event(9)));
    for (const bool reopened : {false, true}) {
      if (reopened) store.reopen();
      const auto repeated = store->append(account, repeat.expected, batch).value();
      EXPECT_TRUE(repeated.repeated);
      EXPECT_EQ(repeated.first_position, original.first_position);
      EXPECT_EQ(repeated.last_revision, original.last_revision);
      EXPECT_EQ(store->head(), GlobalPosition{6});
    }
  }
}

TEST(Append, RepeatWithAPinnedRevisionIsRecognisedBeyondTheIdWindow) {
  MemoryStore store{{.id_window = 4}};
  const auto batch = make_events(1, 3);
  ASSERT_TRUE(store->append(account, ExpectedRevision::no_stream(), batch));
  ASSERT_TRUE(store->append(account, ExpectedRevision::any(), make_events(10, 600)));
  EXPECT_TRUE(store->append(account, ExpectedRevision::no_stream(), batch).value().repeated);
}

TEST(Append, RepeatWithAnyIsRecognisedForEverWhenAllIdsAreIndexed) {
  MemoryStore store{{.id_window = 4, .index_all_ids = true}};
  const auto batch = make_events(1, 3);
  ASSERT_TRUE(store->append(account, ExpectedRevision::any(), batch));
  ASSERT_TRUE(store->append(account, ExpectedRevision::any(), make_events(10, 600)));
  EXPECT_TRUE(store->append(account, ExpectedRevision::any(), batch).value().repeated);
}

TEST(Append, BatchThatIsStoredInPartIsAConflict) {
  MemoryStore store;
  ASSERT_TRUE(store->append(account, ExpectedRevision::no_stream(), make_events(1, 2)));
  for (const auto expected : {ExpectedRevision::no_stream(), ExpectedRevision::any()}) {
    const auto refused = store->append(account, expected, make_events(1, 3));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::conflict);
  }
  const auto overlapping = store->append(account, ExpectedRevision::any(), make_events(2, 2));
  EXPECT_EQ(overlapping.error().code(), Errc::conflict);
  EXPECT_EQ(store->head(), GlobalPosition{2});
}

TEST(Append, IdStoredInAnotherStreamIsAConflictWithAny) {
  MemoryStore store;
  ASSERT_TRUE(store->append(account, ExpectedRevision::any(), make_event(1)));
  const auto refused = store->append(StreamId{"account-7"}, ExpectedRevision::any(), make_event(1));
  EXPECT_EQ(refused.error().code(), Errc::conflict);
}

TEST(Append, SeveralStreamsLandTogetherOrNotAtAll) {
  MemoryStore store;
  const StreamId from{"account-1"};
  const StreamId to{"account-2"};
  const auto out = make_events(1, 1, "account.withdrawn");
  const auto in = make_events(2, 2);
  const std::vector<StreamAppend> transfer{{from, ExpectedRevision::no_stream(), out},
                                           {to, ExpectedRevision::no_stream(), in}};
  const auto landed = store->append(transfer).value();
  ASSERT_EQ(landed.size(), 2U);
  EXPECT_EQ(landed[0], (Appended{{0}, {0}, {1}, {1}, false}));
  EXPECT_EQ(landed[1], (Appended{{0}, {1}, {2}, {3}, false}));

  const auto again = store->append(transfer).value();
  EXPECT_TRUE(again[0].repeated && again[1].repeated);

  const auto more = make_events(10, 1);
  const auto late = make_events(11, 1);
  const std::vector<StreamAppend> conflicting{{from, ExpectedRevision::exactly(0), more},
                                              {to, ExpectedRevision::exactly(0), late}};
  EXPECT_EQ(store->append(conflicting).error().code(), Errc::conflict);
  EXPECT_EQ(store->head(), GlobalPosition{3});
  EXPECT_EQ(store->stream_head(from).value(), Revision{0});
}

TEST(Append, RecordedAtNeverGoesBack) {
  MemoryStore store;
  ASSERT_TRUE(store->append(account, ExpectedRevision::any(), make_event(1)));
  const Timestamp before = store.clock().now();
  store.clock().set_wall_clock(before - std::chrono::hours{3});
  ASSERT_TRUE(store->append(account, ExpectedRevision::any(), make_event(2)));
  store.reopen();
  ASSERT_TRUE(store->append(account, ExpectedRevision::any(), make_event(3)));
  for (const OwnedEvent& event : store.dump()) EXPECT_EQ(event.recorded_at, before);
}

TEST(Append, LargePayloadsSurviveSealingAndReopening) {
  MemoryStore store;
  NewEvent large = make_event(1);
  large.data.assign(event_data_bytes_max, std::byte{0x5a});
  NewEvent middling = make_event(2);
  middling.data.assign(17'000, std::byte{0x17});
  ASSERT_TRUE(store->append(account, ExpectedRevision::any(), std::vector{large, middling}));
  for (const bool sealed : {false, true}) {
    if (sealed) {
      ASSERT_TRUE(store->append(account, ExpectedRevision::any(), make_events(10, 300)));
      store.reopen();
    }
    const auto all = store->read_all({.events_max = 2}).collect().value();
    EXPECT_EQ(all.at(0).data, large.data);
    const auto stream = store->read_stream(account, {.from = Revision{1}, .events_max = 1}).collect().value();
    EXPECT_EQ(stream.at(0).data, middling.data);
  }
  EXPECT_TRUE(store->verify().value().good());
}

struct Refusal {
  const char* name;
  std::function<void(std::vector<NewEvent>&)> spoil;
  const char* says;
};

class Refusals : public testing::TestWithParam<Refusal> {};

TEST_P(Refusals, NameTheEventAndLeaveNothingBehind) {
  MemoryStore store;
  auto events = make_events(1, 2);
  GetParam().spoil(events);
  const auto refused = store->append(account, ExpectedRevision::any(), events);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::invalid);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("append account-42"));
  EXPECT_THAT(refused.error().message(), testing::HasSubstr(GetParam().says));
  EXPECT_EQ(store->head(), GlobalPosition{0});
}

INSTANTIATE_TEST_SUITE_P(
    Append, Refusals,
    testing::Values(
        Refusal{"empty", [](auto& events) { events.clear(); }, "no events given"},
        Refusal{"nil_id", [](auto& events) { events[1].id = Uuid{}; }, "event 1 (account.deposited): its id is nil"},
        Refusal{"doubled_id", [](auto& events) { events[1].id = events[0].id; }, "occurs twice in the batch"},
        Refusal{"empty_type", [](auto& events) { events[0].type.clear(); }, "event type"},
        Refusal{"broken_type", [](auto& events) { events[0].type = "a\xff"; }, "event type"},
        Refusal{"large_data", [](auto& events) { events[0].data.resize(event_data_bytes_max + 1); },
                "data has 16777217 bytes, at most 16777216"},
        Refusal{"empty_tag", [](auto& events) { events[0].metadata.tags = {""}; }, "tag"},
        Refusal{"many_tags", [](auto& events) { events[0].metadata.tags.assign(65, "a"); }, "tag"},
        Refusal{"large_metadata",
                [](auto& events) {
                  events[0].metadata.headers = {{"a", std::string(40'000, 'x')}, {"b", std::string(40'000, 'x')}};
                },
                "metadata"},
        Refusal{"large_batch",
                [](auto& events) {
                  events = make_events(1, 5);
                  for (auto& event : events) event.data.resize(event_data_bytes_max - 10);
                },
                "batch is larger than 67108864 bytes"}),
    [](const auto& test) { return test.param.name; });

TEST(Append, StreamGivenTwiceInOneAppendIsRefused) {
  MemoryStore store;
  const auto events = make_events(1, 1);
  const std::vector<StreamAppend> twice{{account, ExpectedRevision::any(), events},
                                        {account, ExpectedRevision::any(), events}};
  EXPECT_EQ(store->append(twice).error().code(), Errc::invalid);
  EXPECT_EQ(store->append(std::span<const StreamAppend>{}).error().code(), Errc::invalid);
}

TEST(AppendAsync, CompletesOnceWithThePlace) {
  MemoryStore store;
  std::vector<Result<Appended>> done;
  const auto collect = [&](Result<Appended> outcome) { done.push_back(std::move(outcome)); };
  ASSERT_TRUE(store->append_async(account, ExpectedRevision::no_stream(), make_events(1, 2), collect));
  ASSERT_TRUE(store->append_async(account, ExpectedRevision::no_stream(), make_events(3, 1), collect));
  ASSERT_TRUE(store->append_async(account, ExpectedRevision::exactly(1), make_events(4, 1), collect));
  EXPECT_TRUE(done.empty());
  ASSERT_TRUE(store.database().step(10).value());
  ASSERT_EQ(done.size(), 3U);
  EXPECT_EQ(*done[0], (Appended{{0}, {1}, {1}, {2}, false}));
  EXPECT_EQ(done[1].error().code(), Errc::conflict) << done[1].error().to_string();
  EXPECT_EQ(*done[2], (Appended{{2}, {2}, {3}, {3}, false}));
}

TEST(AppendAsync, RefusesBadInputAtOnceAndDoesNotCallBack) {
  MemoryStore store;
  bool called = false;
  const auto refused = store->append_async(account, ExpectedRevision::any(), {}, [&](auto) { called = true; });
  EXPECT_EQ(refused.error().code(), Errc::invalid);
  store.settle();
  EXPECT_FALSE(called);
}

TEST(Resolve, TellsCommittedFromAbsent) {
  MemoryStore store;
  ASSERT_TRUE(store->append(account, ExpectedRevision::any(), make_events(1, 3)));
  store.reopen();
  const std::vector ids{event_id(2), event_id(99)};
  const auto found = store->resolve(ids).value();
  EXPECT_EQ(found.at(0), GlobalPosition{2});
  EXPECT_EQ(found.at(1), std::nullopt);
}

TEST(AppendInAUnit, LandsWithTheUnitOrNotAtAll) {
  MemoryStore store;
  auto refused = store.database().write([&](Unit& unit) -> Result<void> {
    if (auto done = store->append(unit, account, ExpectedRevision::no_stream(), make_events(1, 2)); !done) {
      return done.error();
    }
    return Error{Errc::rejected, "second thoughts"};
  });
  EXPECT_EQ(refused.error().code(), Errc::rejected);
  EXPECT_EQ(store->head(), GlobalPosition{0});

  // The stream, its number and its positions are free again.
  EXPECT_EQ(store->append(account, ExpectedRevision::no_stream(), make_event(3)).value(),
            (Appended{{0}, {0}, {1}, {1}, false}));
  EXPECT_TRUE(store->verify().value().good());
}

TEST(AppendInAUnit, ReadsItsOwnWritesAndNobodyElseDoes) {
  MemoryStore store;
  ASSERT_TRUE(store->append(account, ExpectedRevision::no_stream(), make_events(1, 1)));
  auto done = store.database().write([&](Unit& unit) -> Result<void> {
    if (auto a = store->append(unit, account, ExpectedRevision::exactly(0), make_events(2, 2)); !a) return a.error();
    if (auto b = store->append(unit, account, ExpectedRevision::exactly(2), make_events(4, 1)); !b) return b.error();
    auto own = store->read_stream(unit, account).collect();
    if (!own) return own.error();
    EXPECT_EQ(own->size(), 4U);
    auto all = store->read_all(unit).collect();
    if (!all) return all.error();
    EXPECT_EQ(all->size(), 4U);
    EXPECT_EQ(all->back().id, event_id(4));
    EXPECT_EQ(store->head(), GlobalPosition{1});
    return {};
  });
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_EQ(store->head(), GlobalPosition{4});
}

TEST(AppendInAUnit, FailedAppendLeavesTheUnitAsItWas) {
  MemoryStore store;
  auto done = store.database().write([&](Unit& unit) -> Result<void> {
    if (auto a = store->append(unit, account, ExpectedRevision::no_stream(), make_events(1, 1)); !a) return a.error();
    const auto refused = store->append(unit, account, ExpectedRevision::no_stream(), make_events(2, 1));
    EXPECT_EQ(refused.error().code(), Errc::conflict);
    auto b = store->append(unit, account, ExpectedRevision::exactly(0), make_events(3, 1));
    return b ? Result<void>{} : b.error();
  });
  ASSERT_TRUE(done);
  EXPECT_EQ(store.dump().size(), 2U);
}

}  // namespace
}  // namespace cairn
