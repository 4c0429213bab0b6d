#include <cairn/cqrs/decide_over.hpp>

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/cqrs/command_outcomes.hpp>
#include <cairn/eventstore/load.hpp>

#include "cqrs/bank.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::BankAccount;
using test::Deposited;
using test::MemoryStore;
using test::Withdrawn;

const StreamId ann{"account-ann"};
const StreamId ben{"account-ben"};

/// A seat taken; it says itself what it is about.
struct Enrolled {
  static constexpr auto type = "course.enrolled";
  std::string course;
  [[nodiscard]] std::vector<std::string> tags() const { return {"course:" + course}; }
  static Bytes encode(const Enrolled& event) { return to_bytes(event.course); }
  static Result<Enrolled> decode(BytesView bytes) { return Enrolled{std::string{as_text(bytes)}}; }
};
struct Course {
  using Event = std::variant<Enrolled>;
  static constexpr bool ignores_other_events = true;
  int taken = 0;
  void evolve(const Enrolled&) { ++taken; }
};
const EventQuery in_c1 = EventQuery::tags({"course:c1"});

class DecideOver : public testing::Test {
 protected:
  DecideOver() { deposit(ann, 300); }
  void deposit(const StreamId& stream, std::int64_t cents) {
    const NewEvent event = store->new_event(Deposited{cents}).value();
    ASSERT_TRUE(store->append(stream, ExpectedRevision::any(), event));
  }
  void enroll(const StreamId& student) {
    NewEvent event = store->new_event(Enrolled{"c1"}, {.tags = {"course:c1"}}).value();
    ASSERT_TRUE(store->append(student, ExpectedRevision::any(), event));
  }
  std::int64_t balance(const StreamId& stream) { return load<BankAccount>(*store, stream).value().state.cents; }
  /// Moves cents from ann to ben; somebody else does something first, `races` times.
  Result<Handled> transfer(std::int64_t cents, const DecideOverOptions& options = {}) {
    return decide_over(*store, reading<BankAccount>(ann), reading<BankAccount>(ben))
        .by(
            [&](const BankAccount& from, const BankAccount&) -> DecisionOver {
              if (races-- > 0) meanwhile();
              if (from.cents < cents) return reject("account.insufficient_funds", {{"balance", from.cents}});
              return {to(ann, Withdrawn{cents}), to(ben, Deposited{cents})};
            },
            options);
  }
  Result<Handled> enroll_up_to(int seats, const StreamId& student, const DecideOverOptions& options = {}) {
    return decide_over(*store, reading<Course>(in_c1))
        .by(
            [&](const Course& course) -> DecisionOver {
              if (races-- > 0) meanwhile();
              if (course.taken >= seats) return reject("course.full", {{"seats", seats}});
              return to(student, Enrolled{"c1"});
            },
            options);
  }

  MemoryStore store;
  int races = 0;
  std::function<void()> meanwhile;
};

TEST_F(DecideOver, SeveralStreamsAppendsToAllOrNone) {
  const Handled done = transfer(200).value();
  EXPECT_EQ(done.events, 2U);
  EXPECT_EQ(done.position, GlobalPosition{3});
  EXPECT_EQ(balance(ann), 100);
  EXPECT_EQ(balance(ben), 200);
  EXPECT_EQ(transfer(101).error().rejection()->detail<std::int64_t>("balance"), 100);
  EXPECT_EQ(store->head(), GlobalPosition{3});
}

TEST_F(DecideOver, SeveralStreamsDecidesAgainWhenOneMovedOn) {
  races = 1;
  meanwhile = [this] { deposit(ann, 100); };
  const Handled done = transfer(300).value();
  EXPECT_EQ(done.attempt, Attempt{2});
  EXPECT_EQ(balance(ann), 100);
}

TEST_F(DecideOver, ARejectionHoldsForWhatThereIs) {
  races = 1;
  meanwhile = [this] { deposit(ann, 100); };
  EXPECT_TRUE(transfer(400)) << "it was rejected on what had been read, and looked again";
}

TEST_F(DecideOver, AStreamThatWasOnlyReadMustNotHaveMovedOnEither) {
  races = 1;
  meanwhile = [this] { deposit(ben, 1); };
  const auto done = transfer(10, {.races = {.max_attempts = 1}, .after_races = AfterRaces::give_up});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Errc::conflict);
  EXPECT_EQ(done.error().number("condition"), 1U);
  EXPECT_EQ(done.error().number("actual_revision"), 0U);
  EXPECT_EQ(done.error().message(),
            "decide over account-ann, account-ben: account-ben: read at no stream, actual revision 0");
}

TEST_F(DecideOver, TagsSeesEachEventThatCarriesThemWhateverItsStream) {
  enroll(StreamId{"student-1"});
  EXPECT_TRUE(enroll_up_to(2, StreamId{"student-2"}));
  const auto full = enroll_up_to(2, StreamId{"student-3"});
  ASSERT_FALSE(full) << "the event it appended itself carries its own tag";
  EXPECT_EQ(full.error().rejection()->code(), "course.full");
}

TEST_F(DecideOver, TagsNeverGivesASeatTwice) {
  races = 2;
  int students = 10;
  meanwhile = [&] { enroll(StreamId::of("student", std::to_string(students++)).value()); };
  EXPECT_EQ(enroll_up_to(2, StreamId{"student-1"}).error().rejection()->code(), "course.full");
}

TEST_F(DecideOver, TagsSaysWhichEventBrokeTheCondition) {
  races = 1;
  meanwhile = [&] { enroll(StreamId{"student-9"}); };
  const auto done =
      enroll_up_to(2, StreamId{"student-1"}, {.races = {.max_attempts = 1}, .after_races = AfterRaces::give_up});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Errc::conflict);
  EXPECT_EQ(done.error().number("condition"), 0U);
  EXPECT_EQ(done.error().number("position"), 2U);
}

TEST_F(DecideOver, TagsIsNotDisturbedByOtherEvents) {
  races = 1;
  meanwhile = [&] { deposit(ann, 1); };
  EXPECT_EQ(enroll_up_to(2, StreamId{"student-1"}).value().attempt, Attempt::first());
}

TEST_F(DecideOver, ARaceThatIsLostAgainEndsInTheUnit) {
  races = 2;
  meanwhile = [this] { deposit(ann, 1); };
  const Handled done = transfer(302).value();
  EXPECT_EQ(done.attempt, Attempt{3});
  EXPECT_EQ(balance(ann), 0);
}

TEST_F(DecideOver, AQueryForEverythingIsRefused) {
  for (const EventQuery& query : {EventQuery{}, EventQuery{{{}}}}) {
    const auto done = decide_over(*store, reading<Course>(query)).by([](const Course&) -> DecisionOver { return {}; });
    EXPECT_EQ(done.error().code(), Errc::invalid);
  }
}

TEST_F(DecideOver, IsRefusedInsideAUnitByName) {
  const auto done = store.database().write([&](Unit&) { return transfer(1); });
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message().find("decide_over"), std::string::npos) << done.error().message();
}

TEST_F(DecideOver, WithACommandIdIsDoneOnce) {
  SeededRandom random{7};
  UuidV7Source ids{store.clock(), random};
  const auto outcomes = CommandOutcomes::open(store.database(), {}, &store.clock()).value();
  const DecideOverOptions once{.command = {.command_id = ids.next()}, .parts = {.outcomes = outcomes.get()}};
  const Handled first = transfer(200, once).value();
  const Handled again = transfer(200, once).value();
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.position, first.position);
  EXPECT_EQ(balance(ben), 200);
  EXPECT_EQ(transfer(1, {.command = {.command_id = ids.next()}}).error().code(), Errc::invalid) << "nowhere to record";
}

}  // namespace
}  // namespace cairn
