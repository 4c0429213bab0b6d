#include <cairn/cqrs/command_outcomes.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::MemoryStore;
using namespace std::chrono_literals;

const Uuid some_command = CommandOutcomes::fingerprint("account-ann", "withdraw", as_bytes("500"));

class CommandOutcomesTest : public testing::Test {
 protected:
  [[nodiscard]] Uuid new_id() { return ids.next(); }
  void record(const Uuid& id, const CommandOutcome& outcome = {}) {
    store.database().write([&](Unit& unit) { return outcomes->record(unit, id, some_command, outcome); }).value();
  }
  std::uint64_t rows(const char* count) {
    return store.database().read().value().first<std::uint64_t>(count, {}).value().value();
  }

  MemoryStore store;
  SeededRandom random{7};
  UuidV7Source ids{store.clock(), random};
  std::unique_ptr<CommandOutcomes> outcomes =
      CommandOutcomes::open(store.database(), {.command_id_ttl = 1h}, &store.clock()).value();
};

TEST_F(CommandOutcomesTest, GiveBackWhatWasRecorded) {
  const CommandOutcome cases[] = {
      {.handled = {.revision = Revision{7}, .position = {9}, .events = 2}},
      {.handled = {.revision = std::nullopt, .position = {9}}},
      {.handled = {.position = {9}}, .rejection = Rejection{"account.closed"}},
      {.handled = {.revision = Revision{0}, .position = {1}},
       .rejection = Rejection{"account.insufficient_funds",
                              {{"balance", -300}, {"rate", 0.1}, {"currency", "EUR"}, {"whole", 1.0}, {"none", ""}}}},
  };
  for (const CommandOutcome& outcome : cases) {
    const Uuid id = new_id();
    EXPECT_EQ(outcomes->find(id, some_command).value(), std::nullopt);
    record(id, outcome);
    CommandOutcome expected = outcome;
    expected.handled.repeated = true;
    EXPECT_EQ(outcomes->find(id, some_command).value(), expected);
  }
}

TEST_F(CommandOutcomesTest, AreNotGivenToAnotherCommandOfTheSameId) {
  const Uuid id = new_id();
  record(id);
  const Uuid others[] = {CommandOutcomes::fingerprint("account-ben", "withdraw", as_bytes("500")),
                         CommandOutcomes::fingerprint("account-ann", "deposit", as_bytes("500")),
                         CommandOutcomes::fingerprint("account-ann", "withdraw", as_bytes("501")),
                         CommandOutcomes::fingerprint("account-ann", "withdraw5", as_bytes("00"))};
  for (const Uuid& other : others) EXPECT_EQ(outcomes->find(id, other).error().code(), Errc::invalid);
}

TEST_F(CommandOutcomesTest, TakeOnlyIdsThatSayWhenTheyWereMade) {
  EXPECT_TRUE(outcomes->admit(new_id()));
  const auto refused = outcomes->admit(Uuid::from_name(Uuid::nil(), "command"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::invalid);
  EXPECT_NE(refused.error().message().find("no UUIDv7"), std::string::npos);
}

TEST_F(CommandOutcomesTest, RefuseAnIdThatIsOlderThanTheyReachBack) {
  const Uuid id = new_id();
  record(id);
  store.clock().advance(1h);
  EXPECT_TRUE(outcomes->admit(id));
  store.clock().advance(1s);
  const auto refused = outcomes->admit(id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::invalid);
  EXPECT_EQ(refused.error().number("age_ms"), 3'601'000U);
}

TEST_F(CommandOutcomesTest, AreRemovedOnceTheirIdsAreTooOldAndNotBefore) {
  const CommandOutcome rejected{.rejection = Rejection{"account.closed", {{"since", 2024}}}};
  for (int i = 0; i < 3; ++i) record(new_id(), rejected);
  store.clock().advance(30min);
  const Uuid young = new_id();
  record(young, rejected);
  EXPECT_EQ(outcomes->prune().value(), 0U);
  store.clock().advance(31min);
  EXPECT_EQ(outcomes->prune().value(), 3U);
  EXPECT_EQ(outcomes->prune().value(), 0U);
  EXPECT_TRUE(outcomes->find(young, some_command).value()->rejection);
  EXPECT_EQ(rows("SELECT count(*) FROM command_outcome"), 1U);
  EXPECT_EQ(rows("SELECT count(*) FROM command_rejection_detail"), 1U);
}

TEST_F(CommandOutcomesTest, GoByThemselvesWhileCommandsComeIn) {
  for (int i = 0; i < 200; ++i) record(new_id());
  store.clock().advance(2h);
  for (int i = 0; i < 200; ++i) record(new_id());
  EXPECT_EQ(rows("SELECT count(*) FROM command_outcome"), 200U);
}

// What was removed might have been done: it must not be taken for new.
TEST_F(CommandOutcomesTest, AForgottenIdIsNotNewWhenTheClockIsSetBackOrTheTimeToLiveRaised) {
  const Uuid id = new_id();
  record(id);
  store.clock().advance(2h);
  const Uuid young = new_id();
  EXPECT_EQ(outcomes->prune().value(), 1U);
  store.clock().set_wall_clock(SimulatedClock::default_start);
  EXPECT_TRUE(outcomes->admit(id)) << "it is young again";
  EXPECT_EQ(outcomes->find(id, some_command).error().code(), Errc::invalid);
  EXPECT_EQ(outcomes->find(young, some_command).value(), std::nullopt);
  const auto patient = CommandOutcomes::open(store.database(), {.command_id_ttl = 1000h}, &store.clock()).value();
  EXPECT_EQ(patient->find(id, some_command).error().code(), Errc::invalid);
}

}  // namespace
}  // namespace cairn
