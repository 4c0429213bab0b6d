#include <cairn/eventstore/stream_retention.hpp>

#include <chrono>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/code_of.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using namespace std::chrono_literals;
using test::code_of;
using test::make_event;
using test::make_events;
using test::MemoryStore;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Revisions = std::vector<std::uint64_t>;

const StreamId ann{"account-ann"};
const StreamId ben{"account-ben"};

Revisions revisions_of(Reader reader) {
  Revisions all;
  reader.for_each([&](const RecordedEvent& event) { all.push_back(event.revision.value); }).value();
  return all;
}

/// The parameter is how many events may wait outside the index tables: cuts hold in memory and in the tables.
class Retention : public testing::TestWithParam<std::size_t> {
 protected:
  Retention() : store{{.pending_events_max = GetParam(), .pending_events_min = GetParam()}} {}

  void append(const StreamId& stream, std::size_t count = 1) {
    (void)store->append(stream, ExpectedRevision::any(), make_events(next_event, count)).value();
    next_event += count;
  }
  Revisions revisions(const StreamId& stream, ReadStream options = {}) {
    return revisions_of(store->read_stream(stream, options));
  }
  Result<Appended> append_expecting(const StreamId& stream, ExpectedRevision expected) {
    return store->append(stream, expected, make_event(next_event++));
  }

  MemoryStore store;
  std::uint64_t next_event = 1;
};

TEST_P(Retention, AStreamKeepsItsNewestEvents) {
  append(ann, 10);
  store->set_retention(ann, {.events_max = 3}).value();
  EXPECT_THAT(revisions(ann), ElementsAre(7, 8, 9));
  EXPECT_THAT(revisions(ann, {.direction = Direction::backward}), ElementsAre(9, 8, 7));
  append(ann, 2);
  EXPECT_THAT(revisions(ann), ElementsAre(9, 10, 11));
  append(ben, 4);
  EXPECT_THAT(revisions(ben), ElementsAre(0, 1, 2, 3));
}

TEST_P(Retention, AnEventIsKeptUntilItIsOlderThanTheAge) {
  append(ann, 5);
  store.clock().advance(10s);
  append(ann, 3);
  store->set_retention(ann, {.age_max = 60s}).value();
  store.clock().advance(50s);
  EXPECT_THAT(revisions(ann), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  store.clock().advance(1us);
  EXPECT_THAT(revisions(ann), ElementsAre(5, 6, 7));
  EXPECT_THAT(revisions(ann, {.direction = Direction::backward}), ElementsAre(7, 6, 5));
  store.clock().advance(10s);
  EXPECT_THAT(revisions(ann), IsEmpty());
  EXPECT_THAT(revisions(ann, {.direction = Direction::backward}), IsEmpty());
  EXPECT_EQ(store->stream_head(ann).value(), Revision{7});
}

TEST_P(Retention, WhatStandsBeforeATruncationIsNotRead) {
  append(ann, 600);
  store->set_retention(ann, {.truncate_before = {597}}).value();
  EXPECT_THAT(revisions(ann), ElementsAre(597, 598, 599));
  EXPECT_THAT(revisions(ann, {.direction = Direction::backward}), ElementsAre(599, 598, 597));
  store->set_retention(ann, {.truncate_before = {600}}).value();
  EXPECT_THAT(revisions(ann), IsEmpty());
  EXPECT_EQ(store->stream_head(ann).value(), Revision{599});
  EXPECT_TRUE(append_expecting(ann, ExpectedRevision::exactly(599)));
  EXPECT_THAT(revisions(ann), ElementsAre(600));
}

TEST_P(Retention, TheStrictestPartDecides) {
  append(ann, 4);
  store.clock().advance(1h);
  append(ann, 6);
  const std::pair<StreamRetention, std::uint64_t> cases[] = {
      {{}, 0},
      {{.events_max = 8, .truncate_before = {1}}, 2},
      {{.events_max = 8, .truncate_before = {5}}, 5},
      {{.events_max = 8, .age_max = 30min, .truncate_before = {3}}, 4},
      {{.events_max = 2, .age_max = 30min, .truncate_before = {3}}, 8},
      {{.age_max = 2h}, 0},
      {{.events_max = 100}, 0},
  };
  for (const auto& [keep, first] : cases) {
    store->set_retention(ann, keep).value();
    EXPECT_EQ(revisions(ann).front(), first);
    EXPECT_EQ(revisions(ann, {.direction = Direction::backward}).back(), first);
  }
}

TEST_P(Retention, TheBoundsOfAReadHoldWithinTheCut) {
  append(ann, 10);
  store->set_retention(ann, {.truncate_before = {5}}).value();
  EXPECT_THAT(revisions(ann, {.from = Revision{2}, .to = Revision{6}}), ElementsAre(5, 6));
  EXPECT_THAT(revisions(ann, {.from = Revision{8}}), ElementsAre(8, 9));
  EXPECT_THAT(revisions(ann, {.from = Revision{1}, .to = Revision{4}}), IsEmpty());
  EXPECT_THAT(revisions(ann, {.events_max = 2}), ElementsAre(5, 6));
  const ReadStream back{.direction = Direction::backward, .from = Revision{6}, .to = Revision{1}};
  EXPECT_THAT(revisions(ann, back), ElementsAre(6, 5));
  EXPECT_THAT(revisions(ann, {.direction = Direction::backward, .from = Revision{3}}), IsEmpty());
}

TEST_P(Retention, AReadThatAskedForCutEventsSaysWhereTheStreamBegins) {
  append(ann, 10);
  Reader whole = store->read_stream(ann);
  EXPECT_EQ(revisions_of(store->read_stream(ann)).size(), 10U);
  ASSERT_TRUE(whole.next());
  EXPECT_EQ(whole.truncated_before(), std::nullopt);

  store->set_retention(ann, {.truncate_before = {5}}).value();
  const auto said = [&](ReadStream options) {
    Reader reader = store->read_stream(ann, options);
    (void)reader.collect().value();
    return reader.truncated_before();
  };
  EXPECT_EQ(said({}), Revision{5});
  EXPECT_EQ(said({.from = Revision{4}}), Revision{5});
  EXPECT_EQ(said({.from = Revision{5}}), std::nullopt);
  EXPECT_EQ(said({.direction = Direction::backward}), Revision{5});
  EXPECT_EQ(said({.direction = Direction::backward, .to = Revision{5}}), std::nullopt);
}

TEST_P(Retention, AReaderOnItsWayMeetsTheCutAtItsNextStep) {
  append(ann, 1'000);
  Reader reader = store->read_stream(ann);
  const std::size_t first = reader.next().value().size();
  ASSERT_LT(first, 900U);
  store->set_retention(ann, {.truncate_before = {990}}).value();
  EXPECT_EQ(reader.next().value().front().revision, Revision{990});
  EXPECT_EQ(reader.truncated_before(), Revision{990});
}

TEST_P(Retention, TheEndOfAReadTellsTheLastRevision) {
  append(ann, 5);
  const auto end = [&](const StreamId& stream, ReadStream options = {}) {
    Reader reader = store->read_stream(stream, options);
    (void)reader.collect().value();
    return reader.stream_head();
  };
  EXPECT_EQ(end(ann), Revision{4});
  EXPECT_EQ(end(ann, {.from = Revision{9}}), Revision{4});
  EXPECT_EQ(end(ann, {.direction = Direction::backward, .step_bytes = 1}), Revision{4});
  EXPECT_EQ(end(ben), std::nullopt);
  store->set_retention(ann, {.truncate_before = {5}}).value();
  EXPECT_EQ(end(ann), Revision{4});
  store->delete_stream(ann, ExpectedRevision::any()).value();
  EXPECT_EQ(end(ann), std::nullopt);
}

TEST_P(Retention, TheLogAndItsFiltersStillShowWhatAStreamDoesNotKeep) {
  append(ann, 5);
  append(ben, 1);
  store->set_retention(ann, {.events_max = 1}).value();
  EXPECT_EQ(store->read_all().collect().value().size(), 6U);
  EXPECT_EQ(store->read_all({.filter = {.category = "account"}}).collect().value().size(), 6U);
  store->tombstone_stream(ann, ExpectedRevision::any()).value();
  EXPECT_EQ(store->read_all().collect().value().size(), 6U);
  EXPECT_TRUE(store->verify().value().good());
}

TEST_P(Retention, WhatWasSetIsReadBackAndReplacedAsAWhole) {
  append(ann, 10);
  EXPECT_EQ(store->retention(ann).value(), StreamRetention{});
  const StreamRetention all{.events_max = 7, .age_max = 48h, .truncate_before = {2}};
  store->set_retention(ann, all).value();
  EXPECT_EQ(store->retention(ann).value(), all);
  store.reopen();
  EXPECT_EQ(store->retention(ann).value(), all);
  EXPECT_THAT(revisions(ann), ElementsAre(3, 4, 5, 6, 7, 8, 9));
  store->set_retention(ann, {.truncate_before = {4}}).value();
  store.kill();
  EXPECT_EQ(store->retention(ann).value(), (StreamRetention{.truncate_before = {4}}));
  EXPECT_THAT(revisions(ann), ElementsAre(4, 5, 6, 7, 8, 9));
}

TEST_P(Retention, WhatWouldMakeNoSenseIsRefusedAndNothingChanges) {
  append(ann, 3);
  store->set_retention(ann, {.events_max = 2}).value();
  const std::pair<StreamRetention, const char*> cases[] = {
      {{.events_max = 0}, "events_max 0"},
      {{.events_max = std::uint64_t{1} << 63U}, "events_max 9223372036854775808"},
      {{.age_max = 0us}, "age_max 0 us"},
      {{.age_max = -1us}, "age_max -1 us"},
      {{.truncate_before = {4}}, "truncate_before 4, but the next revision is 3"},
  };
  for (const auto& [keep, words] : cases) {
    const auto refused = store->set_retention(ann, keep);
    EXPECT_EQ(code_of(refused), Errc::invalid);
    EXPECT_THAT(refused.error().message(), HasSubstr(words));
    EXPECT_THAT(refused.error().message(), HasSubstr("account-ann"));
  }
  EXPECT_EQ(store->retention(ann).value(), StreamRetention{.events_max = 2});
}

TEST_P(Retention, OnlyAStreamThatExistsHasIt) {
  EXPECT_EQ(code_of(store->set_retention(ann, {})), Errc::not_found);
  EXPECT_EQ(code_of(store->retention(ann)), Errc::not_found);
  append(ann);
  store->delete_stream(ann, ExpectedRevision::any()).value();
  EXPECT_EQ(code_of(store->set_retention(ann, {})), Errc::not_found);
  EXPECT_EQ(code_of(store->retention(ann)), Errc::not_found);
  store->tombstone_stream(ann, ExpectedRevision::any()).value();
  EXPECT_EQ(code_of(store->set_retention(ann, {})), Errc::stream_deleted);
  EXPECT_EQ(code_of(store->retention(ann)), Errc::stream_deleted);
}

TEST_P(Retention, ADeletedStreamReadsAsOneThatDoesNotExist) {
  append(ann, 3);
  store->delete_stream(ann, ExpectedRevision::exactly(2)).value();
  for (int opened = 0; opened < 2; ++opened, store.kill()) {
    EXPECT_THAT(revisions(ann), IsEmpty());
    EXPECT_THAT(revisions(ann, {.direction = Direction::backward}), IsEmpty());
    EXPECT_EQ(store->stream_head(ann).value(), std::nullopt);
    const auto refused = append_expecting(ann, ExpectedRevision::exactly(2));
    EXPECT_EQ(code_of(refused), Errc::conflict);
    EXPECT_EQ(actual_revision(refused.error()), std::nullopt);
    EXPECT_EQ(code_of(append_expecting(ann, ExpectedRevision::stream_exists())), Errc::conflict);
    EXPECT_EQ(code_of(store->delete_stream(ann, ExpectedRevision::exactly(2))), Errc::not_found) << "as if repeated";
  }
}

TEST_P(Retention, ADeletedStreamBeginsAnotherLifeWhereItStopped) {
  append(ann, 3);
  store->set_retention(ann, {.events_max = 2}).value();
  store->delete_stream(ann, ExpectedRevision::any()).value();
  const auto appended = append_expecting(ann, ExpectedRevision::no_stream()).value();
  EXPECT_EQ(appended.first_revision, Revision{3});
  EXPECT_EQ(code_of(append_expecting(ann, ExpectedRevision::no_stream())), Errc::conflict);
  for (int opened = 0; opened < 2; ++opened, store.reopen()) {
    EXPECT_THAT(revisions(ann), ElementsAre(3));
    EXPECT_EQ(store->stream_head(ann).value(), Revision{3});
    EXPECT_EQ(store->retention(ann).value(), StreamRetention{.events_max = 2});
  }
  append(ann, 2);
  EXPECT_THAT(revisions(ann), ElementsAre(4, 5));
  store->delete_stream(ann, ExpectedRevision::exactly(5)).value();
  append(ann);
  EXPECT_THAT(revisions(ann), ElementsAre(6));
}

TEST_P(Retention, ADeletionThatLostTheRaceIsAConflict) {
  append(ann, 3);
  using Delete = Result<void> (EventStore::*)(const StreamId&, ExpectedRevision);
  for (const Delete call : {Delete{&EventStore::delete_stream}, Delete{&EventStore::tombstone_stream}}) {
    const auto refused = ((*store).*call)(ann, ExpectedRevision::exactly(1));
    EXPECT_EQ(code_of(refused), Errc::conflict);
    EXPECT_EQ(actual_revision(refused.error()), Revision{2});
    EXPECT_EQ(code_of(((*store).*call)(ann, ExpectedRevision::no_stream())), Errc::conflict);
    EXPECT_EQ(code_of(((*store).*call)(ben, ExpectedRevision::exactly(1))), Errc::not_found);
    EXPECT_EQ(code_of(((*store).*call)(ben, ExpectedRevision::any())), Errc::not_found);
  }
  EXPECT_THAT(revisions(ann), ElementsAre(0, 1, 2));
}

TEST_P(Retention, ATombstoneIsForEver) {
  append(ann, 3);
  store->tombstone_stream(ann, ExpectedRevision::exactly(2)).value();
  for (int opened = 0; opened < 3; ++opened, store.reopen()) {
    for (const auto expected : {ExpectedRevision::any(), ExpectedRevision::no_stream(),
                                ExpectedRevision::stream_exists(), ExpectedRevision::exactly(2)}) {
      const auto refused = append_expecting(ann, expected);
      EXPECT_EQ(code_of(refused), Errc::stream_deleted);
      EXPECT_THAT(refused.error().message(), HasSubstr("account-ann"));
    }
    EXPECT_THAT(revisions(ann), IsEmpty());
    EXPECT_EQ(store->stream_head(ann).value(), std::nullopt);
    EXPECT_EQ(code_of(store->delete_stream(ann, ExpectedRevision::any())), Errc::stream_deleted);
    EXPECT_EQ(code_of(store->tombstone_stream(ann, ExpectedRevision::any())), Errc::stream_deleted);
  }
  append(ben, 2);
  store->delete_stream(ben, ExpectedRevision::any()).value();
  store->tombstone_stream(ben, ExpectedRevision::no_stream()).value();
  EXPECT_EQ(code_of(append_expecting(ben, ExpectedRevision::any())), Errc::stream_deleted);
}

TEST_P(Retention, RepeatsAreRecognisedBehindACutAndWithinALife) {
  const auto old = make_events(100, 2);
  ASSERT_TRUE(store->append(ann, ExpectedRevision::no_stream(), old));
  const auto more = make_events(200, 2);
  ASSERT_TRUE(store->append(ann, ExpectedRevision::exactly(1), more));
  store->set_retention(ann, {.truncate_before = {4}}).value();
  EXPECT_TRUE(store->append(ann, ExpectedRevision::no_stream(), old).value().repeated);

  store->delete_stream(ann, ExpectedRevision::any()).value();
  EXPECT_TRUE(store->append(ann, ExpectedRevision::exactly(1), more).value().repeated);
  EXPECT_TRUE(store->append(ann, ExpectedRevision::any(), more).value().repeated);
  const auto fresh = make_events(300, 2);
  EXPECT_EQ(store->append(ann, ExpectedRevision::no_stream(), fresh).value().first_revision, Revision{4});
  const auto again = store->append(ann, ExpectedRevision::no_stream(), fresh).value();
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.first_revision, Revision{4});

  store->tombstone_stream(ann, ExpectedRevision::any()).value();
  EXPECT_TRUE(store->append(ann, ExpectedRevision::exactly(1), more).value().repeated);
}

TEST_P(Retention, ConditionsGoOnSeeingWhatAStreamDoesNotKeep) {
  const NewEvent taken = make_event(1, "user.registered", {"email:ann"});
  ASSERT_TRUE(store->append(ann, ExpectedRevision::no_stream(), taken));
  store->delete_stream(ann, ExpectedRevision::any()).value();
  const NewEvent again = make_event(2, "user.registered", {"email:ann"});
  const auto refused =
      store->append_if({.fail_if_exists = EventQuery::tags({"email:ann"})}, {.stream = ben, .events = {&again, 1}});
  EXPECT_EQ(code_of(refused), Errc::already_exists);
}

TEST_P(Retention, AUnitSeesWhatItSetAndWhatItRollsBackIsAsItWas) {
  append(ann, 5);
  const auto read = [&](Unit& unit) { return revisions_of(store->read_stream(unit, ann)); };
  auto outcome = store.database().write([&](Unit& unit) -> Result<void> {
    store->set_retention(unit, ann, {.events_max = 2}).value();
    EXPECT_THAT(read(unit), ElementsAre(3, 4));
    EXPECT_EQ(store->retention(unit, ann).value(), StreamRetention{.events_max = 2});
    auto nested = unit.nested([&]() -> Result<void> {
      store->tombstone_stream(unit, ann, ExpectedRevision::exactly(4)).value();
      EXPECT_THAT(read(unit), IsEmpty());
      EXPECT_EQ(code_of(store->append(unit, ann, ExpectedRevision::any(), make_events(50, 1))), Errc::stream_deleted);
      return Error{Errc::rejected, "changed its mind"};
    });
    EXPECT_FALSE(nested);
    EXPECT_THAT(read(unit), ElementsAre(3, 4));
    store->delete_stream(unit, ann, ExpectedRevision::exactly(4)).value();
    EXPECT_EQ(store->stream_head(unit, ann).value(), std::nullopt);
    EXPECT_EQ(store->append(unit, ann, ExpectedRevision::no_stream(), make_events(60, 1)).value().first_revision,
              Revision{5});
    EXPECT_THAT(read(unit), ElementsAre(5));
    return Error{Errc::rejected, "changed its mind, too"};
  });
  EXPECT_FALSE(outcome);
  EXPECT_THAT(revisions(ann), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(store->retention(ann).value(), StreamRetention{});
  EXPECT_EQ(append_expecting(ann, ExpectedRevision::exactly(4)).value().first_revision, Revision{5});
}

TEST_P(Retention, ARefusedAppendUndoesTheDeletionBesideIt) {
  append(ann, 2);
  auto outcome = store.database().write([&](Unit& unit) -> Result<void> {
    if (auto done = store->delete_stream(unit, ann, ExpectedRevision::any()); !done) return done;
    auto appended = store->append(unit, ben, ExpectedRevision::exactly(9), make_events(80, 1));
    return appended ? Result<void>{} : Result<void>{appended.error()};
  });
  EXPECT_EQ(code_of(outcome), Errc::conflict);
  EXPECT_THAT(revisions(ann), ElementsAre(0, 1));
  EXPECT_TRUE(append_expecting(ann, ExpectedRevision::exactly(1)));
}

INSTANTIATE_TEST_SUITE_P(Indexed, Retention, testing::Values(4'096, 1),
                         [](const auto& param) { return param.param == 1 ? "InTables" : "InMemory"; });

TEST(RetentionTable, ARowThatNobodyWroteIsNamedByVerify) {
  const std::pair<const char*, const char*> cases[] = {
      {"INSERT INTO stream_retention VALUES (2, NULL, NULL, 0, 0, 0, 0)",
       "retention of stream 2: there is no such stream"},
      {"INSERT INTO stream_retention VALUES (1, 0, NULL, 0, 0, 0, 0)", "retention of stream 1: numbers out of range"},
      {"INSERT INTO stream_retention VALUES (1, NULL, -5, 0, 0, 0, 0)", "retention of stream 1: numbers out of range"},
      {"INSERT INTO stream_retention VALUES (1, NULL, NULL, -1, 0, 0, 0)",
       "retention of stream 1: numbers out of range"},
      {"INSERT INTO stream_retention VALUES (1, NULL, NULL, 0, 0, 2, 0)",
       "retention of stream 1: numbers out of range"},
      {"INSERT INTO stream_retention VALUES (1, NULL, NULL, 0, 0, 0, -1)",
       "retention of stream 1: numbers out of range"},
  };
  for (const auto& [sql, words] : cases) {
    MemoryStore store;
    ASSERT_TRUE(store->append(ann, ExpectedRevision::no_stream(), make_events(1, 3)));
    EXPECT_TRUE(store->verify().value().good());
    ASSERT_TRUE(store.database().write([&](Unit& unit) { return unit.exec(sql); }));
    EXPECT_EQ(store->verify().value().first_bad, words) << sql;
  }
}

TEST(RetentionMemory, AStreamThatFellOutOfTheCacheIsRemembered) {
  MemoryStore store{{.stream_cache_entries = 1}};
  ASSERT_TRUE(store->append(ann, ExpectedRevision::no_stream(), make_events(1, 3)));
  store->delete_stream(ann, ExpectedRevision::any()).value();
  ASSERT_TRUE(store->append(ben, ExpectedRevision::no_stream(), make_events(10, 3)));
  store->tombstone_stream(ben, ExpectedRevision::any()).value();
  ASSERT_TRUE(store->append(StreamId{"other-1"}, ExpectedRevision::no_stream(), make_events(20, 1)));
  EXPECT_EQ(store->append(ann, ExpectedRevision::no_stream(), make_events(30, 1)).value().first_revision, Revision{3});
  EXPECT_EQ(code_of(store->append(ben, ExpectedRevision::any(), make_events(40, 1))), Errc::stream_deleted);
}

}  // namespace
}  // namespace cairn
