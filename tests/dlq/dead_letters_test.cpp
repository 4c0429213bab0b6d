#include <cairn/dlq/dead_letters.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/memory_metrics.hpp>
#include <cairn/eventstore/recorded_event.hpp>

#include "dlq/letter_box.hpp"
#include "support/code_of.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::code_of;
using test::failure;
using test::LetterBox;
using test::make_letter;
using namespace std::chrono_literals;

TEST(DeadLetters, KeepEverythingAsItWas) {
  LetterBox box;
  NewDeadLetter letter = make_letter(1, "orders", "order-7");
  letter.content_type = ContentType::binary;
  letter.payload = {std::byte{0}, std::byte{0xff}, std::byte{'x'}};
  letter.metadata = {.correlation_id = test::event_id(8),
                     .causation_id = test::event_id(9),
                     .occurred_at = box.clock().now() - 3h,
                     .tags = {"email:ann@example.org", "b"},
                     .headers = {{"traceparent", "00-x"}, {"empty", ""}}};
  letter.attempts = {{box.clock().now() - 2min, 15us, "runner", failure("first", Errc::timeout)},
                     {box.clock().now() - 1min, 20us, "runner", failure("second")}};
  const Parked parked = box->park(letter, failure("second")).value();
  EXPECT_EQ(parked, (Parked{.id = {1}}));

  box.kill();
  const DeadLetter stored = box->get(parked.id).value();
  EXPECT_EQ(stored.queue, "orders");
  EXPECT_EQ(stored.key, "order-7");
  EXPECT_EQ(stored.source, "line 1");
  EXPECT_EQ(stored.item, letter.item);
  EXPECT_EQ(stored.type, "order.placed");
  EXPECT_EQ(stored.content_type, ContentType::binary);
  EXPECT_EQ(stored.payload, letter.payload);
  EXPECT_EQ(stored.payload_bytes, 3U);
  EXPECT_EQ(stored.metadata, letter.metadata);
  EXPECT_EQ(stored.history, letter.attempts);
  EXPECT_EQ(stored.attempts, 2U);
  EXPECT_EQ(stored.error, failure("second"));
  EXPECT_EQ(stored.state, LetterState::parked);
  EXPECT_EQ(stored.parked_at, box.clock().now());
  EXPECT_FALSE(stored.original);
  EXPECT_FALSE(stored.due_at);
}

TEST(DeadLetters, AreNotThereWhenTheUnitThatParkedThemWasRefused) {
  LetterBox box;
  auto refused = box.database().write([&](Unit& unit) -> Result<void> {
    (void)box->park(unit, make_letter(1), failure()).value();
    return Error{Errc::rejected, "changed my mind"};
  });
  EXPECT_EQ(code_of(refused), Errc::rejected);
  EXPECT_EQ(code_of(box->get({1})), Errc::not_found);
  EXPECT_EQ(box->count().value(), 0U);
  EXPECT_TRUE(box->causes().value().empty());
}

TEST(DeadLetters, TakeAnItemThatComesTwiceForOneLetterWithMoreAttempts) {
  LetterBox box;
  (void)box->park(make_letter(1), failure()).value();
  box.clock().advance(1h);
  EXPECT_EQ(box->park(make_letter(1), failure("worse", Errc::corrupt)).value(), (Parked{.id = {1}, .repeated = true}));
  const DeadLetter stored = box->get({1}).value();
  EXPECT_EQ(stored.attempts, 2U);
  EXPECT_EQ(stored.error, failure("worse", Errc::corrupt));
  EXPECT_EQ(stored.parked_at, box.clock().now() - 1h);
  EXPECT_EQ(box->count({.state = LetterState::parked}).value(), 1U);
  EXPECT_EQ(box->park(make_letter(1, "another queue"), failure()).value().id, LetterId{2});
}

TEST(DeadLetters, ParkAnItemAgainThatWasResolvedOrDropped) {
  LetterBox box;
  box.park_many(2);
  box.database().write([&](Unit& unit) { return box->resolve(unit, {1}, "ann"); }).value();
  box->drop(LetterId{2}, "ann", "a test").value();
  box.park_many(2);
  EXPECT_EQ(box.state_of(1), LetterState::parked);
  EXPECT_EQ(box.state_of(2), LetterState::parked);
  EXPECT_EQ(box->count({.state = LetterState::parked}).value(), 2U);
  EXPECT_EQ(box->count().value(), 2U);
}

TEST(DeadLetters, KeepTheFirstAttemptAndTheNewestOfMany) {
  LetterBox box;
  for (int i = 0; i < 130; ++i) (void)box->park(make_letter(1), failure("try " + std::to_string(i))).value();
  const DeadLetter stored = box->get({1}).value();
  EXPECT_EQ(stored.attempts, 130U);
  ASSERT_EQ(stored.history.size(), 100U);
  EXPECT_EQ(stored.history[0].error, failure("try 0"));
  EXPECT_EQ(stored.history[1].error, failure("try 31"));
  EXPECT_EQ(stored.history.back().error, failure("try 129"));
}

TEST(DeadLetters, NeverUseAnIdTwice) {
  LetterBox box;
  box.park_many(3);
  EXPECT_EQ(box->clear("orders").value(), 3U);
  box.kill();
  EXPECT_EQ(box->park(make_letter(1), failure()).value(), (Parked{.id = {4}}));
}

TEST(DeadLetters, KeepTheBeginningOfALongMessage) {
  LetterBox box;
  (void)box->park(make_letter(1), failure(std::string(16'383, 'x') + "\u20ac")).value();
  EXPECT_EQ(box->get({1}).value().error, failure(std::string(16'383, 'x')));
}

TEST(DeadLetters, KeepTimeInTheOrderOfIdsWhenTheClockGoesBack) {
  LetterBox box;
  (void)box->park(make_letter(1), failure()).value();
  const Timestamp noon = box.clock().now();
  box.clock().set_wall_clock(noon - 1h);
  (void)box->park(make_letter(2), failure()).value();
  EXPECT_EQ(box->get({2}).value().parked_at, noon);
}

// What comes after a failed item of its key.

Result<std::optional<Parked>> park_behind(LetterBox& box, const NewDeadLetter& letter) {
  return box.database().write([&](Unit& unit) { return box->park_behind(unit, letter); });
}

TEST(ParkBehind, LetsAnItemPassWhoseKeyHasNoOpenLetter) {
  LetterBox box;
  EXPECT_EQ(park_behind(box, make_letter(1, "orders", "a")).value(), std::nullopt);
  (void)box->park(make_letter(1, "orders", "a"), failure()).value();
  EXPECT_EQ(park_behind(box, make_letter(2, "orders", "b")).value(), std::nullopt);
  EXPECT_EQ(park_behind(box, make_letter(2, "payments", "a")).value(), std::nullopt);
  EXPECT_EQ(park_behind(box, make_letter(2, "orders", "")).value(), std::nullopt) << "no key, no order";
  box->drop(LetterId{1}, "ann", "a test").value();
  EXPECT_EQ(park_behind(box, make_letter(2, "orders", "a")).value(), std::nullopt);
}

TEST(ParkBehind, HoldsBackWhatComesAfterAnOpenLetterWithoutAnAttempt) {
  LetterBox box;
  (void)box->park(make_letter(1, "orders", "a"), failure()).value();
  EXPECT_EQ(park_behind(box, make_letter(2, "orders", "a")).value(), (Parked{.id = {2}}));
  EXPECT_EQ(park_behind(box, make_letter(2, "orders", "a")).value(), (Parked{.id = {2}, .repeated = true}));
  EXPECT_EQ(park_behind(box, make_letter(1, "orders", "a")).value(), (Parked{.id = {1}, .repeated = true}));
  const DeadLetter waiting = box->get({2}).value();
  EXPECT_EQ(waiting.attempts, 0U);
  EXPECT_EQ(waiting.error, std::nullopt);
  EXPECT_EQ(box->get({1}).value().attempts, 1U);
}

TEST(HasOpen, SaysWhetherAnyLetterOfTheQueueIsOpen) {
  LetterBox box;
  const auto open = [&] {
    return box.database().write([&](Unit& unit) { return box->has_open(unit, "orders"); }).value();
  };
  EXPECT_FALSE(open());
  (void)box->park(make_letter(1, "payments"), failure()).value();
  EXPECT_FALSE(open());
  (void)box->park(make_letter(1), failure()).value();
  EXPECT_TRUE(open());
  EXPECT_EQ(box->drop({.queue = "orders"}, "ann", "a test").value(), 1U);
  EXPECT_FALSE(open());
}

// What people do with letters.

TEST(EditedLetter, KeepsThePayloadItWasParkedWith) {
  LetterBox box;
  box.park_many(1);
  box.clock().advance(1min);
  box->edit({1}, as_bytes("better"), "ann").value();
  box->edit({1}, as_bytes("best"), "bob").value();
  const DeadLetter stored = box->get({1}).value();
  EXPECT_EQ(as_text(stored.payload), "best");
  EXPECT_EQ(stored.payload_bytes, 4U);
  EXPECT_EQ(stored.original, to_bytes("1"));
  EXPECT_EQ(stored.changed_at, box.clock().now());
  EXPECT_EQ(stored.notes, (std::vector<LetterNote>{{box.clock().now(), "ann", "edited the payload"},
                                                   {box.clock().now(), "bob", "edited the payload"}}));
}

TEST(DroppedLetter, SaysWhoAndWhyAndIsReopened) {
  LetterBox box;
  box.park_many(1);
  box->note({1}, "ann", "looks like a test order").value();
  box->drop(LetterId{1}, "ann", "a test").value();
  EXPECT_EQ(box.state_of(1), LetterState::dropped);
  EXPECT_EQ(code_of(box->edit({1}, as_bytes("x"), "ann")), Errc::conflict);
  EXPECT_EQ(code_of(box->drop(LetterId{1}, "ann", "again")), Errc::conflict);
  box->reopen({1}, "bob", "it was none").value();
  EXPECT_EQ(box.state_of(1), LetterState::parked);
  EXPECT_EQ(code_of(box->reopen({1}, "bob", "again")), Errc::conflict);
  const auto notes = box->get({1}).value().notes;
  ASSERT_EQ(notes.size(), 3U);
  EXPECT_EQ(notes[1].text, "dropped: a test");
  EXPECT_EQ(notes[2].text, "reopened: it was none");
}

TEST(DroppedByFilter, AreThoseThatAreParkedAndPass) {
  LetterBox box;
  box.park_many(150);
  for (std::uint64_t number = 1; number <= 10; ++number) {
    (void)box->park(make_letter(number, "payments"), failure()).value();
  }
  EXPECT_EQ(box->drop({.queue = "orders", .text = "LINE 1"}, "ann", "tests").value(), 62U) << "1, 10-19, 100-150";
  EXPECT_EQ(box->drop({.queue = "orders"}, "ann", "tests").value(), 88U);
  EXPECT_EQ(box->count({.state = LetterState::parked}).value(), 10U);
  EXPECT_EQ(box->count({.queue = "orders", .state = LetterState::dropped}).value(), 150U);
}

TEST(PrunedLetters, AreThoseThatHaveBeenClosedForLong) {
  LetterBox box{{.keep_closed = std::chrono::hours{24}}};
  box.park_many(200);
  for (std::uint64_t id = 1; id <= 150; ++id) box->drop(LetterId{id}, "ann", "a test").value();
  box.clock().advance(25h);
  box->drop(LetterId{151}, "ann", "a test").value();
  EXPECT_EQ(box->prune().value(), 150U);
  EXPECT_EQ(box->count().value(), 50U);
  EXPECT_EQ(code_of(box->get({150})), Errc::not_found);
  EXPECT_EQ(box.state_of(151), LetterState::dropped);
  EXPECT_EQ(box->prune().value(), 0U);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(code_of(box->prune(stop.get_token())), Errc::cancelled);
}

TEST(PrunedLetters, LeaveTheirIdsUnused) {
  LetterBox box{{.keep_closed = std::chrono::hours{24}}};
  box.park_many(2);
  box->drop(LetterId{2}, "ann", "a test").value();
  box.clock().advance(1min);
  box->drop(LetterId{1}, "ann", "a test").value();
  box.clock().advance(25h);
  EXPECT_EQ(box->prune().value(), 2U);
  EXPECT_TRUE(box->causes().value().empty());
  EXPECT_EQ(box->park(make_letter(3), failure()).value().id, LetterId{3});
}

TEST(DeadLetterMetrics, CountWhatIsCommitted) {
  MemoryMetrics metrics;
  const auto disk = MemoryVfs::create();
  SimulatedClock clock;
  SeededRandom random{1};
  auto database = Database::open({.file = "s.db", .writer = WriterMode::stepped, .memory = disk.get()}).value();
  auto letters = DeadLetters::open(*database, {.clock = clock, .random = random, .metrics = &metrics}).value();
  (void)letters->park(make_letter(1), failure()).value();
  (void)database->write([&](Unit& unit) -> Result<void> {
    (void)letters->park(unit, make_letter(2), failure()).value();
    return failure();
  });
  letters->drop(LetterId{1}, "ann", "a test").value();
  EXPECT_EQ(metrics.counted("cairn_dead_letters_parked_total", {{"queue", "orders"}}), 1U);
  EXPECT_EQ(metrics.counted("cairn_dead_letters_dropped_total", {{"queue", "orders"}}), 1U);
}

// Where letters come from.

TEST(LetterOfAnEvent, IsTheEventInTheOrderOfItsStream) {
  test::MemoryStore store;
  NewEvent event = test::make_event(1, "account.deposited", {"owner:ann"});
  event.schema_version = 3;
  (void)store->append(StreamId{"account-ann"}, ExpectedRevision::any(), event).value();
  auto reader = store->read_all();
  const RecordedEvent stored = reader.next().value().front();
  const NewDeadLetter letter = NewDeadLetter::of_event("projection:balances", stored);
  EXPECT_EQ(letter.queue, "projection:balances");
  EXPECT_EQ(letter.key, "account-ann");
  EXPECT_EQ(letter.source, "account-ann revision 0, position 1");
  EXPECT_EQ(letter.item, event.id);
  EXPECT_EQ(letter.type, "account.deposited");
  EXPECT_EQ(letter.schema_version, 3U);
  EXPECT_EQ(letter.payload, event.data);
  EXPECT_EQ(letter.metadata, event.metadata);
}

TEST(LetterOfInput, IsTheSameForTheSameLineOfTheSameSource) {
  const auto item = [](std::string source, std::string_view line) {
    return NewDeadLetter::of_input("rows", std::move(source), line).item;
  };
  EXPECT_EQ(item("may.csv:1", "a;b"), item("may.csv:1", "a;b"));
  EXPECT_NE(item("may.csv:1", "a;b"), item("may.csv:2", "a;b"));
  EXPECT_NE(item("may.csv:1", "a;b"), item("may.csv:1", "a;c"));
  EXPECT_NE(item("may.csv:1", "1a"), item("may.csv:11", "a"));
  const NewDeadLetter letter = NewDeadLetter::of_input("rows", "may.csv:1", "caf\xe9;1");
  EXPECT_EQ(as_text(letter.payload), "caf\xe9;1");
  EXPECT_EQ(letter.key, "");
}

// Bad input.

struct BadLetter {
  const char* name;
  std::function<void(NewDeadLetter&)> spoil;
  std::string message;
};

TEST(BadLetters, AreRefusedByNameAndNothingIsStored) {
  const std::vector<BadLetter> cases{
      {"no queue", [](NewDeadLetter& letter) { letter.queue.clear(); }, "the name of a dead letter queue is empty"},
      {"long key", [](NewDeadLetter& letter) { letter.key.assign(256, 'k'); },
       "park in orders: the key has 256 bytes, at most 255"},
      {"control character", [](NewDeadLetter& letter) { letter.key = "a\nb"; },
       "park in orders: the key has a control character at byte 1"},
      {"long source", [](NewDeadLetter& letter) { letter.source.assign(1'025, 's'); },
       "park in orders: the source has 1025 bytes, at most 1024"},
      {"no type", [](NewDeadLetter& letter) { letter.type.clear(); }, "park in orders: the type is empty"},
      {"nil item", [](NewDeadLetter& letter) { letter.item = {}; }, "park in orders: the item's id is nil"},
      {"many attempts", [](NewDeadLetter& letter) { letter.attempts.resize(101); },
       "park in orders: 101 attempts, at most 100"},
      {"no worker", [](NewDeadLetter& letter) { letter.attempts.resize(1); },
       "park in orders: the worker of an attempt is empty"},
      {"bad tag", [](NewDeadLetter& letter) { letter.metadata.tags = {"a\xff"}; },
       "park in orders: a tag is not UTF-8 at byte 1"},
      {"bad header",
       [](NewDeadLetter& letter) {
         letter.metadata.headers = {{"h", "\xff"}};
       },
       "park in orders: header h is not UTF-8 at byte 0"},
      {"large payload", [](NewDeadLetter& letter) { letter.payload.resize((16U << 20U) + 1); },
       "park in orders: the payload has 16777217 bytes, at most 16777216"},
  };
  LetterBox box;
  for (const BadLetter& one : cases) {
    NewDeadLetter letter = make_letter(1);
    one.spoil(letter);
    const auto refused = box->park(letter, failure());
    ASSERT_FALSE(refused) << one.name;
    EXPECT_EQ(refused.error().code(), Errc::invalid);
    EXPECT_EQ(refused.error().message(), one.message);
  }
  EXPECT_EQ(box->count().value(), 0U);
  EXPECT_TRUE(box->queues().value().empty());
}

TEST(BadCalls, AreRefused) {
  LetterBox box;
  box.park_many(1);
  EXPECT_EQ(code_of(box->get({9})), Errc::not_found);
  EXPECT_EQ(code_of(box->edit({9}, as_bytes("x"), "ann")), Errc::not_found);
  EXPECT_EQ(code_of(box->edit({1}, as_bytes("x"), "")), Errc::invalid);
  EXPECT_EQ(code_of(box->note({1}, "ann", "")), Errc::invalid);
  EXPECT_EQ(code_of(box->note({1}, "ann", std::string(16'385, 'x'))), Errc::invalid);
  EXPECT_EQ(code_of(box->note({9}, "ann", "x")), Errc::not_found);
  EXPECT_EQ(code_of(box->drop(LetterId{1}, "", "x")), Errc::invalid);
  EXPECT_EQ(code_of(box->drop(LetterId{1}, "ann", "")), Errc::invalid);
  EXPECT_EQ(code_of(box->drop({.queue = "orders"}, "", "x")), Errc::invalid);
  EXPECT_EQ(code_of(box->reopen({9}, "ann", "x")), Errc::not_found);
  EXPECT_EQ(code_of(box->redrive(LetterId{1}, "")), Errc::invalid);
  EXPECT_EQ(code_of(box->list({.letters_max = 0})), Errc::invalid);
  EXPECT_EQ(code_of(box->list({.letters_max = 1'001})), Errc::invalid);
  EXPECT_EQ(code_of(box->list({.looked_at_max = 0})), Errc::invalid);
  EXPECT_EQ(code_of(box->list({.filter = {.key = "a"}})), Errc::invalid);
  EXPECT_EQ(code_of(box->count({.queue = "orders", .key = ""})), Errc::invalid);
  EXPECT_EQ(code_of(box.database().write([&](Unit& unit) { return box->resolve(unit, {9}, "ann"); })), Errc::not_found);
  EXPECT_EQ(code_of(box.database().write([&](Unit&) { return box->park(make_letter(1), failure()); })), Errc::invalid)
      << "a blocking call from inside a unit";
}

}  // namespace
}  // namespace cairn
