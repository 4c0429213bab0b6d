#include <cairn/dlq/letter_event.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dlq/letter_box.hpp"
#include "support/code_of.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::code_of;
using test::failure;
using test::LetterBox;

TEST(LetterEvent, IsTheEventAsItWasRecorded) {
  test::MemoryStore store;
  NewEvent event = test::make_event(1, "account.deposited", {"red"});
  event.metadata.correlation_id = test::event_id(9);
  event.metadata.headers = {{"traceparent", "00-1"}};
  (void)store->append(StreamId::parse("account-42").value(), ExpectedRevision::any(), event).value();
  const OwnedEvent recorded = store.dump().front();

  LetterBox box;
  store->read_all()
      .for_each(
          [&](const RecordedEvent& one) { (void)box->park(NewDeadLetter::of_event("orders", one), failure()).value(); })
      .value();
  const DeadLetter letter = box->get({1}).value();
  const LetterEvent restored = LetterEvent::of(letter).value();
  EXPECT_EQ(OwnedEvent{restored.event()}, recorded);
}

TEST(LetterEvent, HasThePayloadThatTheLetterHasNow) {
  test::MemoryStore store;
  (void)store->append(StreamId::parse("account-42").value(), ExpectedRevision::any(), test::make_event(1)).value();
  LetterBox box;
  store->read_all()
      .for_each(
          [&](const RecordedEvent& one) { (void)box->park(NewDeadLetter::of_event("orders", one), failure()).value(); })
      .value();
  box->edit({1}, as_bytes("corrected"), "ann").value();
  const DeadLetter letter = box->get({1}).value();
  EXPECT_EQ(as_text(LetterEvent::of(letter).value().event().data), "corrected");
}

TEST(LetterEvent, IsRefusedForALetterOfSomethingElse) {
  LetterBox box;
  box.park_many(1);
  const DeadLetter letter = box->get({1}).value();
  EXPECT_EQ(code_of(LetterEvent::of(letter)), Errc::invalid);
  EXPECT_THAT(LetterEvent::of(letter).error().message(), ::testing::HasSubstr("dead letter 1 of orders"));
}

TEST(DeadLetters, KnowWhetherAKeyHasOpenLetters) {
  LetterBox box;
  const auto open = [&](std::string_view queue, std::string_view key) {
    auto reader = box.database().read().value();
    return box->has_open(reader, queue, key).value();
  };
  box.park_many(1, "orders", "a");
  EXPECT_TRUE(open("orders", "a"));
  EXPECT_FALSE(open("orders", "b"));
  EXPECT_FALSE(open("orders", ""));
  EXPECT_FALSE(open("payments", "a"));
  box->drop({1}, "ann", "a test").value();
  EXPECT_FALSE(open("orders", "a"));
}

}  // namespace
}  // namespace cairn
