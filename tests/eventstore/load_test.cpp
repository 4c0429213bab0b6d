#include <cairn/eventstore/load.hpp>

#include <array>
#include <stdexcept>

#include <gtest/gtest.h>

#include "eventstore/bank_account.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::Account;
using test::Deposited;
using test::MemoryStore;
using test::Withdrawn;

const StreamId ann{"account-ann"};

struct OnlyDeposits {
  using Event = std::variant<Deposited>;
  std::int64_t cents = 0;
  void evolve(const Deposited& event) { cents += event.cents; }
};
struct OnlyDepositsOnPurpose : OnlyDeposits {
  static constexpr bool ignores_other_events = true;
};
struct Fragile {
  using Event = std::variant<Deposited, Withdrawn>;
  void evolve(const Deposited&) {}
  void evolve(const Withdrawn&) { throw std::runtime_error{"no money"}; }
};
struct WithoutEvolve {
  using Event = std::variant<Deposited>;
};
struct OverSomethingElse {
  using Event = std::variant<int>;
  void evolve(int) {}
};
static_assert(EvolvingState<Account> && EvolvingState<OnlyDeposits>);
static_assert(!EvolvingState<WithoutEvolve> && !EvolvingState<OverSomethingElse> && !EvolvingState<int>);

void deposit_and_withdraw(MemoryStore& store) {
  const std::array events{store->new_event(Deposited{500}).value(), store->new_event(Withdrawn{120}).value()};
  ASSERT_TRUE(store->append(ann, ExpectedRevision::no_stream(), events));
}

TEST(Load, GivesTheStateOfAllEventsAndItsRevision) {
  MemoryStore store;
  deposit_and_withdraw(store);
  const auto loaded = load<Account>(*store, ann).value();
  EXPECT_EQ(loaded.state.cents, 380);
  EXPECT_EQ(loaded.revision, Revision{1});
  EXPECT_EQ(loaded.expected(), ExpectedRevision::exactly(1));
  EXPECT_EQ(loaded.events, 2U);
  EXPECT_EQ(loaded.bytes, 6U);
}

TEST(Load, OfAStreamThatDoesNotExistGivesTheInitialState) {
  MemoryStore store;
  const auto loaded = load<Account>(*store, ann).value();
  EXPECT_EQ(loaded.state.cents, 0);
  EXPECT_EQ(loaded.revision, std::nullopt);
  EXPECT_EQ(loaded.expected(), ExpectedRevision::no_stream());
}

TEST(Load, RefusesAnEventTheStateDoesNotKnow) {
  MemoryStore store;
  deposit_and_withdraw(store);
  const auto loaded = load<OnlyDeposits>(*store, ann);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Errc::unknown_schema);
  EXPECT_NE(loaded.error().message().find("account-ann revision 1"), std::string::npos) << loaded.error().message();
  EXPECT_NE(loaded.error().message().find("account.withdrawn"), std::string::npos);
}

TEST(Load, LeavesOutOtherEventsWhenTheStateSaysSo) {
  MemoryStore store;
  deposit_and_withdraw(store);
  const auto loaded = load<OnlyDepositsOnPurpose>(*store, ann).value();
  EXPECT_EQ(loaded.state.cents, 500);
  EXPECT_EQ(loaded.revision, Revision{1});
}

TEST(Load, NamesTheEventOnWhichEvolveThrew) {
  MemoryStore store;
  deposit_and_withdraw(store);
  const auto loaded = load<Fragile>(*store, ann);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Errc::handler_failed);
  EXPECT_NE(loaded.error().message().find("evolve account-ann revision 1"), std::string::npos);
  EXPECT_NE(loaded.error().message().find("no money"), std::string::npos);
}

TEST(Load, RefusesBytesThatAreNoSuchEvent) {
  MemoryStore store;
  NewEvent broken = store->new_event(Deposited{1}).value();
  broken.data = {std::byte{'x'}};
  ASSERT_TRUE(store->append(ann, ExpectedRevision::no_stream(), broken));
  const auto loaded = load<Account>(*store, ann);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Errc::invalid);
}

TEST(Load, RefusesAVersionOfAnEventThatHasNoPath) {
  MemoryStore store;
  NewEvent newer = store->new_event(Deposited{1}).value();
  newer.schema_version = 2;
  ASSERT_TRUE(store->append(ann, ExpectedRevision::no_stream(), newer));
  EXPECT_EQ(load<Account>(*store, ann).error().code(), Errc::unknown_schema);
}

}  // namespace
}  // namespace cairn
