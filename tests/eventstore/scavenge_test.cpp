#include <cairn/eventstore/scavenge.hpp>

#include <algorithm>
#include <chrono>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/core/sql/read_tx.hpp>

#include "support/code_of.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using namespace std::chrono_literals;
using test::code_of;
using test::event_id;
using test::make_event;
using test::make_events;
using test::MemoryStore;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Positions = std::vector<std::uint64_t>;

const StreamId ann{"account-ann"};
const StreamId ben{"account-ben"};
const StreamId order{"order-1"};

Positions positions_of(Reader reader) {
  Positions all;
  reader.for_each([&](const RecordedEvent& event) { all.push_back(event.position.value); }).value();
  return all;
}

/// Of a store that remembers few events: what is older may go.
struct Scavenged : testing::Test {
  explicit Scavenged(const EventStoreOptions& options = {.id_window = 8,
                                                         .pending_events_max = 32,
                                                         .pending_events_min = 32})
      : store{options} {}

  void append(const StreamId& stream, std::size_t count = 1, std::string_view type = "account.deposited") {
    (void)store->append(stream, ExpectedRevision::any(), make_events(next_event, count, type)).value();
    next_event += count;
  }
  /// Appends what fills the newest events, which stay.
  void append_newest() {
    append(order, 300, "order.placed");
    store.settle();
  }
  ScavengeReport scavenge() {
    auto report = store->scavenge();
    EXPECT_TRUE(report) << report.error().to_string();
    const auto verified = store->verify().value();
    EXPECT_TRUE(verified.good()) << *verified.first_bad;
    return *report;
  }
  Positions all() { return positions_of(store->read_all()); }
  std::int64_t number(std::string_view sql) {
    auto transaction = store.database().read().value();
    return *transaction.first<std::int64_t>(sql, {}).value();
  }

  MemoryStore store;
  std::uint64_t next_event = 1;
};

TEST_F(Scavenged, EventsThatTheirStreamDoesNotKeepLeaveTheLog) {
  append(ann, 400);
  append(ben, 4);
  append(ann, 200);
  store->set_retention(ann, {.events_max = 3}).value();
  append_newest();
  const ScavengeReport report = scavenge();
  EXPECT_EQ(report.events_removed, 597U);
  EXPECT_EQ(report.looked_through, GlobalPosition{768});
  EXPECT_EQ(report.chunks_rewritten, 3U);
  const Positions left = all();
  ASSERT_EQ(left.size(), 307U);
  EXPECT_THAT(Positions(left.begin(), left.begin() + 8), ElementsAre(401, 402, 403, 404, 602, 603, 604, 605));
  EXPECT_EQ(store->verify().value().removed, 597U);
}

TEST_F(Scavenged, WhatStaysIsReadAsBeforeInEveryWay) {
  for (int i = 0; i < 40; ++i) {
    append(ann, 12);
    append(ben, 3);
    (void)store->append(order, ExpectedRevision::any(), make_event(next_event++, "order.paid", {"city:ulm"})).value();
  }
  store->set_retention(ann, {.truncate_before = {450}}).value();
  append_newest();
  const std::vector<OwnedEvent> before = store.dump();
  const auto reads = [&] {
    std::vector<Positions> found;
    for (const Direction direction : {Direction::forward, Direction::backward}) {
      for (const StreamId& stream : {ann, ben, order}) {
        found.push_back(positions_of(store->read_stream(stream, {.direction = direction})));
      }
      found.push_back(positions_of(store->read_all({.direction = direction, .filter = {.category = "order"}})));
    }
    return found;
  };
  const auto kept = reads();
  EXPECT_EQ(scavenge().events_removed, 450U);
  EXPECT_EQ(reads(), kept);
  store.reopen();
  EXPECT_EQ(reads(), kept);

  std::vector<OwnedEvent> expected;
  for (const OwnedEvent& event : before) {
    if (event.stream != ann.text() || event.revision.value >= 450) expected.push_back(event);
  }
  EXPECT_EQ(store.dump(), expected);
  for (const Direction direction : {Direction::forward, Direction::backward}) {
    const EventFilter by_type{.query = {{{.types = {"account.deposited"}}}}};
    EXPECT_EQ(positions_of(store->read_all({.direction = direction, .filter = by_type})).size(), 150U);
    const EventFilter by_tag{.query = {{{.tags = {"city:ulm"}}}}};
    EXPECT_EQ(positions_of(store->read_all({.direction = direction, .filter = by_tag})).size(), 40U);
  }
}

TEST_F(Scavenged, ADeletedStreamGoesWhollyAndAnotherLifeStays) {
  append(ann, 300);
  append(ben, 300);
  store->delete_stream(ann, ExpectedRevision::any()).value();
  store->tombstone_stream(ben, ExpectedRevision::any()).value();
  append(ann, 2);
  append_newest();
  EXPECT_EQ(scavenge().events_removed, 600U);
  EXPECT_THAT(positions_of(store->read_stream(ann)), ElementsAre(601, 602));
  EXPECT_EQ(store->stream_head(ann).value(), Revision{301});
  EXPECT_EQ(code_of(store->append(ben, ExpectedRevision::any(), make_event(1))), Errc::stream_deleted);
  store.reopen();
  EXPECT_EQ(store->stream_head(ann).value(), Revision{301});
  EXPECT_EQ(code_of(store->append(ben, ExpectedRevision::any(), make_event(1))), Errc::stream_deleted);
  EXPECT_EQ(store->append(ann, ExpectedRevision::exactly(301), make_event(next_event)).value().last_revision,
            Revision{302});
}

TEST_F(Scavenged, WhatIsTooOldByTheClockGoes) {
  append(ann, 100);
  store.clock().advance(1h);
  append(ann, 100);
  store->set_retention(ann, {.age_max = 30min}).value();
  append_newest();
  EXPECT_EQ(scavenge().events_removed, 100U);
  EXPECT_EQ(positions_of(store->read_stream(ann)).size(), 100U);
  store.clock().advance(1h);
  EXPECT_EQ(scavenge().events_removed, 100U);
  EXPECT_THAT(positions_of(store->read_stream(ann)), IsEmpty());
  EXPECT_EQ(store->stream_head(ann).value(), Revision{199});
}

TEST_F(Scavenged, TheNewestEventsStayWhateverTheirStreamsKeep) {
  append(ann, 256);
  append(ben, 256);
  store->delete_stream(ann, ExpectedRevision::any()).value();
  store->delete_stream(ben, ExpectedRevision::any()).value();
  store.settle();
  const ScavengeReport report = scavenge();
  EXPECT_EQ(report.events_removed, 256U);
  EXPECT_EQ(all().size(), 256U);
  const auto again = store->append(ben, ExpectedRevision::any(), make_event(512)).value();
  EXPECT_TRUE(again.repeated) << "the last id_window events are remembered";
  EXPECT_EQ(again.last_position, GlobalPosition{512});
  append_newest();
  EXPECT_EQ(scavenge().events_removed, 256U);
}

TEST_F(Scavenged, ASettingThatIsRelaxedLaterBringsNothingBack) {
  append(ann, 600);
  store->set_retention(ann, {.truncate_before = {590}}).value();
  append_newest();
  EXPECT_EQ(scavenge().events_removed, 590U);
  store->set_retention(ann, {}).value();
  EXPECT_EQ(positions_of(store->read_stream(ann)).size(), 10U);
  store.reopen();
  Reader reader = store->read_stream(ann);
  ASSERT_EQ(reader.next().value().size(), 10U);
  EXPECT_EQ(reader.truncated_before(), Revision{590});
  EXPECT_EQ(scavenge().events_removed, 0U);
}

TEST_F(Scavenged, ARepeatOfWhatWentIsAConflictAndNeverASecondCopy) {
  append(ann, 600);
  store->set_retention(ann, {.events_max = 1}).value();
  append_newest();
  scavenge();
  EXPECT_EQ(code_of(store->append(ann, ExpectedRevision::no_stream(), make_event(1))), Errc::conflict);
  EXPECT_EQ(code_of(store->append(ann, ExpectedRevision::exactly(10), make_event(12))), Errc::conflict);
  EXPECT_TRUE(store->append(ann, ExpectedRevision::exactly(598), make_event(600)).value().repeated);
}

TEST_F(Scavenged, ARepeatOfWhatIsCutAndStillInTheLogHasItsOldPlace) {
  append(ann, 600);
  append(order, 300, "order.placed");
  append(ann, 2);  // among the newest, which stay
  store->set_retention(ann, {.events_max = 1}).value();
  store.settle();
  EXPECT_EQ(scavenge().events_removed, 600U);
  const auto again = store->append(ann, ExpectedRevision::exactly(599), make_event(901)).value();
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.last_position, GlobalPosition{901});
}

TEST(ScavengedIds, AreForgottenByPositionSoThatNoneIsLeftOfWhatWent) {
  const auto options = [](std::size_t id_window) {
    return EventStoreOptions{.id_window = id_window, .pending_events_max = 32, .pending_events_min = 32};
  };
  MemoryStore small{options(8), MemoryVfs::create({.track_durability = true})};
  (void)small->append(ann, ExpectedRevision::any(), make_events(1, 256)).value();
  (void)small->append(ben, ExpectedRevision::any(), make_events(257, 256)).value();
  (void)small->append(order, ExpectedRevision::any(), make_events(513, 300)).value();
  small->delete_stream(ann, ExpectedRevision::any()).value();
  small.settle();
  EXPECT_EQ(small->scavenge().value().events_removed, 256U);
  // A process that remembers more meets the holes that the one before has left.
  MemoryStore large{options(600), small.disk().crash({})};
  (void)large->append(order, ExpectedRevision::any(), make_events(5'000, 300)).value();
  large->delete_stream(ben, ExpectedRevision::any()).value();
  large.settle();
  EXPECT_EQ(large->scavenge().value().events_removed, 256U);
  EXPECT_FALSE(large->append(order, ExpectedRevision::any(), make_event(300)).value().repeated);
}

TEST_F(Scavenged, AConditionNoLongerFindsIt) {
  (void)store->append(ben, ExpectedRevision::any(), make_event(next_event++, "name.taken", {"name:ben"})).value();
  append(ann, 400, "account.closed");
  (void)store->append(ben, ExpectedRevision::any(), make_event(next_event++, "name.taken", {"name:bo"})).value();
  append_newest();
  const auto claim = [&](const EventQueryItem& item) {
    const NewEvent event = make_event(next_event++, "name.claimed");
    return store->append_if({.fail_if_match = {{item}}}, {order, ExpectedRevision::any(), {&event, 1}});
  };
  EXPECT_EQ(code_of(claim({.types = {"account.closed"}})), Errc::conflict);
  EXPECT_EQ(code_of(claim({.tags = {"name:ben"}})), Errc::conflict);
  store->delete_stream(ann, ExpectedRevision::any()).value();
  store->set_retention(ben, {.truncate_before = {1}}).value();
  EXPECT_EQ(scavenge().events_removed, 401U);
  EXPECT_TRUE(claim({.types = {"account.closed"}}));
  EXPECT_TRUE(claim({.tags = {"name:ben"}}));
  EXPECT_EQ(code_of(claim({.types = {"name.taken"}})), Errc::conflict);
}

/// A condition may pass over 64 runs of index entries whose events were removed.
struct ScavengedUnderConditions : Scavenged {
  ScavengedUnderConditions()
      : Scavenged{{.id_window = 8, .pending_events_max = 32, .pending_events_min = 32, .condition_events_max = 1}} {}
};

TEST_F(ScavengedUnderConditions, EventsThatAreStillIndexedAreNotTooManyForATypeToPassOver) {
  append(ben, 1, "account.closed");
  append(ann, 3'000, "account.opened");
  append(ann, 3'000, "account.closed");
  append_newest();
  store->delete_stream(ann, ExpectedRevision::any()).value();
  std::stop_source stop;
  const auto stop_before_postings = [&](const ScavengeProgress& progress) {
    if (progress.phase == ScavengePhase::stream_index) stop.request_stop();
  };
  EXPECT_EQ(code_of(store->scavenge({.on_progress = stop_before_postings, .stop = stop.get_token()})), Errc::cancelled);
  EXPECT_EQ(store->verify().value().removed, 6'000U);
  const auto append_unless = [&](std::string type) {
    const NewEvent event = make_event(next_event++, "account.checked");
    return store->append_if({.fail_if_match = {{{.types = {std::move(type)}}}}},
                            {order, ExpectedRevision::any(), {&event, 1}});
  };
  EXPECT_TRUE(append_unless("account.opened"));
  EXPECT_EQ(code_of(append_unless("account.closed")), Errc::conflict) << "ben's is there";
}

struct ScavengedWithAllIds : Scavenged {
  ScavengedWithAllIds()
      : Scavenged{{.id_window = 8, .index_all_ids = true, .pending_events_max = 32, .pending_events_min = 32}} {}
};

TEST_F(ScavengedWithAllIds, ItsPayloadsIdsAndIndexRowsGoToo) {
  for (int i = 0; i < 20; ++i) {
    NewEvent large = make_event(next_event++, "scan.taken", {"scan:" + std::to_string(i)});
    large.data = Bytes(20'000, std::byte{7});
    (void)store->append(ann, ExpectedRevision::any(), large).value();
    append(ann, 30);
    append(ben);
  }
  append_newest();
  const std::int64_t postings = number("SELECT count(*) FROM posting");
  store->tombstone_stream(ann, ExpectedRevision::any()).value();
  EXPECT_EQ(scavenge().events_removed, 620U);
  EXPECT_EQ(number("SELECT count(*) FROM payload"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM event_id"), 320);
  EXPECT_EQ(store->resolve(std::vector{event_id(1)}).value().front(), std::nullopt);
  EXPECT_LE(number("SELECT count(*) FROM posting"), postings - 20) << "each tag had a row of its own";
  EXPECT_EQ(number("SELECT count(*) FROM stream_index WHERE stream = 1"), 1) << "its head is known from there";
  EXPECT_FALSE(store->append(order, ExpectedRevision::any(), make_event(1)).value().repeated);
}

TEST_F(Scavenged, ItsPagesGoBackToTheFileSystem) {
  append(ann, 12'000);
  append_newest();
  store->delete_stream(ann, ExpectedRevision::any()).value();
  const std::int64_t before = number("PRAGMA page_count");
  const ScavengeReport report = scavenge();
  EXPECT_EQ(number("PRAGMA freelist_count"), 0);
  EXPECT_EQ(number("PRAGMA page_count"), before - static_cast<std::int64_t>(report.pages_released));
  EXPECT_LT(number("PRAGMA page_count"), before / 2);
  store.reopen();
  EXPECT_TRUE(store->verify().value().good());
}

TEST_F(Scavenged, StoppedAfterAnySliceItGoesOnThereInTheNextProcess) {
  const auto fill = [](Scavenged& one) {
    for (int i = 0; i < 10; ++i) {
      one.append(ann, 200);
      one.append(ben, 20);
    }
    one.append_newest();
    one.store->set_retention(ann, {.events_max = 5}).value();
  };
  fill(*this);
  const std::uint64_t removed = scavenge().events_removed;
  const std::vector<OwnedEvent> whole = store.dump();
  const std::int64_t pages = number("PRAGMA page_count");

  bool stopped = true;
  for (int slices = 1; stopped; ++slices) {
    struct Other final : Scavenged {
      void TestBody() override {}
    } other;
    fill(other);
    std::stop_source stop;
    int left = slices;
    std::uint64_t removed_first = 0;
    const auto outcome = other.store->scavenge({.on_progress =
                                                    [&](const ScavengeProgress&) {
                                                      if (--left == 0) stop.request_stop();
                                                    },
                                                .stop = stop.get_token()});
    stopped = !outcome;
    if (stopped) {
      ASSERT_EQ(outcome.error().code(), Errc::cancelled);
      removed_first = other.store->verify().value().removed;
      ASSERT_TRUE(other.store->verify().value().good()) << "after slice " << slices;
      other.store.kill();
    }
    const ScavengeReport rest = other.scavenge();
    if (stopped) {
      ASSERT_EQ(rest.events_removed, removed - removed_first) << "after slice " << slices;
    }
    ASSERT_EQ(other.store.dump(), whole) << "after slice " << slices;
    ASSERT_EQ(other.number("PRAGMA page_count"), pages) << "after slice " << slices;
    ASSERT_LT(slices, 1'000);
  }
}

TEST_F(Scavenged, TellsHowFarItIs) {
  append(ann, 3'000);
  append_newest();
  store->delete_stream(ann, ExpectedRevision::any()).value();
  std::vector<ScavengeProgress> told;
  (void)store->scavenge({.on_progress = [&](const ScavengeProgress& progress) { told.push_back(progress); }}).value();
  ASSERT_FALSE(told.empty());
  EXPECT_TRUE(std::ranges::is_sorted(told, {}, &ScavengeProgress::phase));
  EXPECT_EQ(told.front().phase, ScavengePhase::log);
  EXPECT_EQ(told.back().phase, ScavengePhase::file);
  for (const ScavengeProgress& one : told) EXPECT_LE(one.done, one.total);
}

TEST_F(Scavenged, AStoreThatKeepsEverythingIsLeftAlone) {
  append(ann, 600);
  append_newest();
  const ScavengeReport report = scavenge();
  EXPECT_EQ(report.chunks_rewritten, 0U);
  EXPECT_EQ(all().size(), 900U);
}

TEST_F(Scavenged, AStoreThatKeepsEverythingIsToldOfNoPhaseButTheFile) {
  append(ann, 600);
  append_newest();
  std::vector<ScavengePhase> told;
  (void)store->scavenge({.on_progress = [&](const ScavengeProgress& progress) { told.push_back(progress.phase); }})
      .value();
  EXPECT_THAT(told, testing::AllOf(Not(IsEmpty()), testing::Each(ScavengePhase::file)));
}

TEST_F(Scavenged, DoesNotRunBesideAVerifyOrAnotherScavenge) {
  append(ann, 600);
  append_newest();
  store->delete_stream(ann, ExpectedRevision::any()).value();
  bool asked = false;
  (void)store
      ->scavenge({.on_progress =
                      [&](const ScavengeProgress&) {
                        if (std::exchange(asked, true)) return;
                        EXPECT_EQ(code_of(store->scavenge()), Errc::unavailable);
                        EXPECT_EQ(code_of(store->verify()), Errc::unavailable);
                      }})
      .value();
  EXPECT_TRUE(asked);
  EXPECT_TRUE(store->scavenge());
}

TEST_F(Scavenged, AChunkWhoseBytesChangedIsNamedAndLeftAsItIs) {
  append(ann, 600);
  append_newest();
  store->delete_stream(ann, ExpectedRevision::any()).value();
  (void)store.database()
      .write([](Unit& unit) { return unit.exec("UPDATE chunk SET body = zeroblob(length(body)) WHERE number = 1"); })
      .value();
  const auto outcome = store->scavenge();
  EXPECT_EQ(code_of(outcome), Errc::corrupt);
  EXPECT_THAT(outcome.error().message(), HasSubstr("chunk from event 257 on"));
  EXPECT_EQ(number("SELECT count(*) FROM chunk WHERE substr(body, 1, 4) = CAST('Crk2' AS BLOB)"), 0);
}

/// Remembers the last event only, so that the chunk before the tail may be thin.
struct ScavengedToItsEnd : Scavenged {
  ScavengedToItsEnd() : Scavenged{{.id_window = 0, .pending_events_max = 1, .pending_events_min = 1}} {}
};

TEST_F(ScavengedToItsEnd, TheLogGoesOnBehindAThinChunk) {
  append(ann, 512);
  store->delete_stream(ann, ExpectedRevision::any()).value();
  append(ben, 2);
  store.settle();
  EXPECT_EQ(scavenge().events_removed, 512U);
  EXPECT_THAT(all(), ElementsAre(513, 514));
  store.kill();
  append(ben, 600);
  EXPECT_EQ(all().size(), 602U);
  store.reopen();
  EXPECT_EQ(all().size(), 602U);
  EXPECT_THAT(positions_of(store->read_all({.direction = Direction::backward, .events_max = 2})),
              ElementsAre(1'114, 1'113));
  EXPECT_TRUE(store->verify().value().good());
}

}  // namespace
}  // namespace cairn
