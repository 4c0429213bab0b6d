#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delivery/runner_box.hpp"
#include "support/code_of.hpp"

namespace cairn {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using test::code_of;
using test::fail_at;
using test::leave_trace;
using test::RunnerBox;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const RetryPolicy twice{.max_attempts = 2, .backoff = exponential(minutes{1}, minutes{1})};

std::vector<LetterSummary> letters_of(RunnerBox& box, const std::string& queue) {
  return box.letters().list({.filter = {.queue = queue}}).value().letters;
}

TEST(FailedEvent, IsTriedAgainAfterItsBackOffAndLeavesOneTrace) {
  RunnerBox box;
  int failures = 2;
  box->add("a",
           [&, trace = leave_trace("a")](Unit& unit, const RecordedEvent& event) -> Result<void> {
             if (auto left = trace(unit, event); !left) return left;
             if (as_text(event.data) == "2" && failures-- > 0) return Error{Errc::unavailable, "not now"};
             return {};
           })
      .value();
  box.append("account-1", 3);
  box.run();
  EXPECT_THAT(box.effects("a"), ElementsAre("account-1 1"));
  const Progress waits = box->progress("a").value();
  EXPECT_EQ(waits.state, HandlerState::retrying);
  EXPECT_EQ(waits.position, GlobalPosition{1});
  EXPECT_EQ(waits.attempts, 1U);
  EXPECT_EQ(waits.error, (Error{Errc::unavailable, "not now"}));
  EXPECT_FALSE(box->run_once().value()) << "before its back-off has passed";
  box.run_until_quiet();
  EXPECT_THAT(box.effects("a"), ElementsAre("account-1 1", "account-1 2", "account-1 3"));
  EXPECT_THAT(letters_of(box, "a"), IsEmpty());
  EXPECT_EQ(box.metrics().counted("cairn_runner_failures_total", {{"handler", "a"}}), 2U);
}

TEST(FailedEvent, HoldsUpNobodyWhoSharedItsReading) {
  RunnerBox box;
  box->add("bad", fail_at("bad", "2", Errc::unavailable)).value();
  box->add("good", leave_trace("good")).value();
  box.append("account-1", 3);
  box.run();
  EXPECT_EQ(box.position_of("good"), 3U);
  EXPECT_EQ(box.position_of("bad"), 1U);
  EXPECT_EQ(box->readings(), 2U);
  box.append("account-1");
  box.run();
  EXPECT_EQ(box.position_of("good"), 4U);
  box.run_until_quiet();
  EXPECT_EQ(box.position_of("bad"), 4U);
  EXPECT_EQ(box->readings(), 1U);
  EXPECT_THAT(box.effects("good"), SizeIs(4));
}

TEST(FailedEvent, IsParkedWithItsAttemptsWhenTheyAreUsedUp) {
  RunnerBox box;
  box->add("a", fail_at("a", "2"), {.retry = twice}).value();
  box.append("account-1", 3);
  box.run_until_quiet();
  EXPECT_THAT(box.effects("a"), ElementsAre("account-1 1"));
  const auto parked = letters_of(box, "a");
  ASSERT_THAT(parked, SizeIs(2)) << "the next of its stream, and the one that failed";
  const DeadLetter letter = box.letters().get(parked[1].id).value();
  EXPECT_EQ(letter.key, "account-1");
  EXPECT_EQ(as_text(letter.payload), "2");
  ASSERT_THAT(letter.history, SizeIs(2));
  EXPECT_GE(letter.history[1].started_at - letter.history[0].started_at, milliseconds{1});
  EXPECT_EQ(letter.error, (Error{Errc::handler_failed, "no account for it"}));
  EXPECT_EQ(
      letter.event,
      (EventPlace{
          .stream = "account-1", .revision = {1}, .position = {2}, .recorded_at = SimulatedClock::default_start}));
  const Progress progress = box->progress("a").value();
  EXPECT_EQ(progress.state, HandlerState::live);
  EXPECT_EQ(progress.position, GlobalPosition{3});
  EXPECT_EQ(progress.parked, 2U);
  EXPECT_EQ(progress.handled, 1U);
}

TEST(FailedEvent, HoldsBackItsKeyAloneAndComesBackInOrder) {
  RunnerBox box;
  bool broken = true;
  box->add("a",
           [&, trace = leave_trace("a")](Unit& unit, const RecordedEvent& event) -> Result<void> {
             if (broken && as_text(event.data) == "1") return Error{Errc::corrupt, "unreadable"};
             return trace(unit, event);
           })
      .value();
  box.append("account-1", 2);
  box.append("account-2", 2);
  box.run_until_quiet();
  box.append("account-1");
  box.run_until_quiet();
  EXPECT_THAT(box.effects("a"), ElementsAre("account-2 3", "account-2 4"));
  broken = false;
  const auto report = box.letters().redrive({.queue = "a"}).value();
  EXPECT_EQ(report.resolved, 3U);
  box.append("account-1");
  box.run_until_quiet();
  EXPECT_THAT(box.effects("a"),
              ElementsAre("account-2 3", "account-2 4", "account-1 1", "account-1 2", "account-1 5", "account-1 6"));
}

TEST(FailedEvent, WaitsForThoseOfTheKeyThatTheHandlerNames) {
  RunnerBox box;
  const auto customer = [](const RecordedEvent& event) { return std::string{event.stream.substr(0, 3)}; };
  box->add("a", fail_at("a", "1", Errc::corrupt), {.key = customer}).value();
  box.append("ann-1");
  box.append("ann-2");
  box.append("bob-1");
  box.run_until_quiet();
  EXPECT_THAT(box.effects("a"), ElementsAre("bob-1 3"));
  EXPECT_THAT(letters_of(box, "a"), SizeIs(2));
}

TEST(FailedEvent, HoldsBackNothingWithoutAKey) {
  RunnerBox box;
  box->add("a", fail_at("a", "1", Errc::corrupt), {.key = [](const RecordedEvent&) { return std::string{}; }}).value();
  box.append("account-1", 3);
  box.run_until_quiet();
  EXPECT_THAT(box.effects("a"), ElementsAre("account-1 2", "account-1 3"));
}

TEST(FailedEvent, IsHandledAsItWasCorrected) {
  RunnerBox box;
  box->add("a", fail_at("a", "1", Errc::invalid)).value();
  box.append("account-1");
  box.run_until_quiet();
  const auto parked = letters_of(box, "a");
  ASSERT_THAT(parked, SizeIs(1));
  box.letters().edit(parked[0].id, as_bytes("one"), "ann").value();
  box.letters().redrive(parked[0].id, "ann").value();
  EXPECT_THAT(box.effects("a"), ElementsAre("account-1 one"));
}

TEST(FailedEvent, CountsAsOneAttemptWhenTheHandlerThrows) {
  RunnerBox box;
  box->add("a", [](Unit&, const RecordedEvent&) -> Result<void> { throw std::runtime_error{"boom"}; },
           {.retry = {.max_attempts = 1}})
      .value();
  box.append("account-1");
  box.run_until_quiet();
  const auto parked = letters_of(box, "a");
  ASSERT_THAT(parked, SizeIs(1));
  EXPECT_EQ(parked[0].error->code(), Errc::handler_failed);
  EXPECT_THAT(parked[0].error->message(), HasSubstr("boom"));
  EXPECT_EQ(parked[0].attempts, 1U);
}

struct Reaction {
  Errc code;
  std::uint32_t attempts;
  HandlerState state;
};

/// What each class of error makes of an event whose policy allows two attempts.
class ErrorClass : public ::testing::TestWithParam<Reaction> {};
INSTANTIATE_TEST_SUITE_P(Each, ErrorClass,
                         ::testing::Values(Reaction{Errc::handler_failed, 2, HandlerState::live},
                                           Reaction{Errc::unavailable, 2, HandlerState::live},
                                           Reaction{Errc::timeout, 2, HandlerState::live},
                                           Reaction{Errc::conflict, 2, HandlerState::live},
                                           Reaction{Errc::invalid, 1, HandlerState::live},
                                           Reaction{Errc::unknown_schema, 1, HandlerState::live},
                                           Reaction{Errc::corrupt, 1, HandlerState::live},
                                           Reaction{Errc::rejected, 1, HandlerState::live},
                                           Reaction{Errc::already_exists, 1, HandlerState::live},
                                           Reaction{Errc::busy_owner, 1, HandlerState::paused},
                                           Reaction{Errc::cancelled, 1, HandlerState::paused}),
                         [](const auto& reaction) { return std::string{to_string(reaction.param.code)}; });

TEST_P(ErrorClass, HasItsOwnReaction) {
  RunnerBox box;
  RetryPolicy policy = event_retry_policy();
  policy.max_attempts = 2;
  box->add("a", fail_at("a", "1", GetParam().code), {.retry = policy}).value();
  box.append("account-1");
  box.run_until_quiet();
  EXPECT_EQ(box.state_of("a"), GetParam().state);
  EXPECT_EQ(box.metrics().counted("cairn_runner_failures_total", {{"handler", "a"}}), GetParam().attempts);
  EXPECT_THAT(letters_of(box, "a"), SizeIs(GetParam().state == HandlerState::live ? 1 : 0));
}

TEST(FailedEvent, PausesAHandlerThatIsNotToGoOnWithoutIt) {
  RunnerBox box;
  bool broken = true;
  const auto handler = [&, trace = leave_trace("a")](Unit& unit, const RecordedEvent& event) -> Result<void> {
    if (broken && as_text(event.data) == "2") return Error{Errc::handler_failed, "no rate for USD"};
    return trace(unit, event);
  };
  const HandlerOptions strict{.retry = twice, .after_retries = AfterRetries::pause};
  box->add("a", handler, strict).value();
  box->add("b", leave_trace("b")).value();
  box.append("account-1", 3);
  box.run_until_quiet();
  EXPECT_EQ(box.state_of("a"), HandlerState::paused);
  EXPECT_EQ(box.position_of("b"), 3U);
  const auto waited = box->wait_for("a", {3}, minutes{1});
  EXPECT_EQ(code_of(waited), Errc::unavailable);
  EXPECT_THAT(waited.error().message(), HasSubstr("no rate for USD"));

  box.restart();
  box->add("a", handler, strict).value();
  box.run();
  EXPECT_EQ(box->progress("a").value().error, (Error{Errc::handler_failed, "no rate for USD"}));
  broken = false;
  box->resume("a").value();
  box.run();
  EXPECT_THAT(box.effects("a"), ElementsAre("account-1 1", "account-1 2", "account-1 3"));
}

TEST(FailedEvent, IsNotParkedUnderAKeyThatCannotBeOne) {
  RunnerBox box;
  box->add("a", fail_at("a", "1", Errc::corrupt),
           {.key = [](const RecordedEvent&) -> std::string { throw std::runtime_error{"no key"}; }})
      .value();
  box.append("account-1");
  box.run_until_quiet();
  const auto parked = letters_of(box, "a");
  ASSERT_THAT(parked, SizeIs(1));
  EXPECT_EQ(parked[0].key, "account-1");
}

/// Handlers whose failure does not show before COMMIT, or that end the transaction themselves.
class RefusedCommit : public ::testing::Test {
 protected:
  RefusedCommit() {
    for (const char* sql : {"CREATE TABLE customer (name TEXT PRIMARY KEY)",
                            "CREATE TABLE purchase (number TEXT UNIQUE, customer TEXT REFERENCES customer (name) "
                            "DEFERRABLE INITIALLY DEFERRED)",
                            "INSERT INTO purchase (number) VALUES ('taken')"}) {
      (void)box.database().write([&](Unit& unit) { return unit.exec(sql); }).value();
    }
  }
  /// Leaves traces, and does something else besides at the event whose data is "4".
  [[nodiscard]] static EventHandler does_at_four(std::string_view sql) {
    return
        [sql = std::string{sql}, trace = leave_trace("bad")](Unit& unit, const RecordedEvent& event) -> Result<void> {
          if (auto left = trace(unit, event); !left) return left;
          if (as_text(event.data) != "4") return {};
          auto done = unit.exec(sql);
          if (!done) return std::move(done).error();
          return {};
        };
  }
  void expect_only_four_is_parked() {
    box->add("good", leave_trace("good")).value();
    box.append("account-1", 3);
    box.append("account-2", 3);
    box.run_until_quiet();
    EXPECT_THAT(box.effects("good"), SizeIs(6));
    EXPECT_THAT(box.effects("bad"), ElementsAre("account-1 1", "account-1 2", "account-1 3"));
    EXPECT_THAT(letters_of(box, "bad"), SizeIs(3)) << "the fourth and what waits behind it";
    EXPECT_EQ(box.position_of("bad"), 6U);
    EXPECT_EQ(box->readings(), 1U);
  }

  RunnerBox box;
};

TEST_F(RefusedCommit, IsPutDownToTheEventThatCausedIt) {
  box->add("bad", does_at_four("INSERT INTO purchase (number, customer) VALUES ('1', 'nobody')")).value();
  expect_only_four_is_parked();
}

TEST_F(RefusedCommit, IsOneAlsoWhenAStatementEndsTheTransaction) {
  box->add("bad", does_at_four("INSERT OR ROLLBACK INTO purchase (number) VALUES ('taken')")).value();
  expect_only_four_is_parked();
}

}  // namespace
}  // namespace cairn
