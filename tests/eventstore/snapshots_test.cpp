#include <cairn/eventstore/snapshots.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>

#include "eventstore/bank_account.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::Account;
using test::Deposited;
using test::MemoryStore;
using test::to_text;
using test::Withdrawn;

const StreamId ann{"account-ann"};

/// The same name, but with a field more.
struct AccountWithLimit : Account {
  std::int64_t limit = 0;
  static Bytes encode(const AccountWithLimit& account) { return to_text(account.cents * 1'000 + account.limit); }
  static Result<AccountWithLimit> decode(BytesView bytes) {
    return test::from_text(bytes).transform([](std::int64_t number) {
      AccountWithLimit account;
      account.cents = number / 1'000;
      account.limit = number % 1'000;
      return account;
    });
  }
};
/// The same bytes under another version, as after a change of what evolve() does.
struct RevisedAccount : Account {
  static constexpr std::uint32_t schema_version = 2;
  static Bytes encode(const RevisedAccount& account) { return to_text(account.cents); }
  static Result<RevisedAccount> decode(BytesView bytes) {
    return test::from_text(bytes).transform([](std::int64_t number) {
      RevisedAccount account;
      account.cents = number;
      return account;
    });
  }
};
/// Another state of the same stream.
struct Statistics {
  static constexpr auto type = "account_statistics";
  using Event = Account::Event;
  std::int64_t events = 0;
  void evolve(const Deposited&) { ++events; }
  void evolve(const Withdrawn&) { ++events; }
  static Bytes encode(const Statistics& statistics) { return to_text(statistics.events); }
  static Result<Statistics> decode(BytesView bytes) {
    return test::from_text(bytes).transform([](std::int64_t number) { return Statistics{number}; });
  }
};

class SnapshotsTest : public testing::Test {
 protected:
  void deposit(std::size_t count, const StreamId& stream = ann) {
    std::vector<NewEvent> events;
    for (std::size_t i = 0; i < count; ++i) events.push_back(store->new_event(Deposited{1}).value());
    ASSERT_TRUE(store->append(stream, ExpectedRevision::any(), events));
  }
  /// Revisions of the stored snapshots of ann's, oldest first.
  std::vector<std::uint64_t> stored() {
    auto transaction = store.database().read().value();
    std::vector<std::uint64_t> revisions;
    transaction
        .each("SELECT revision FROM snapshot ORDER BY kind, revision", {},
              [&](const Row& row) { revisions.push_back(row.get<std::uint64_t>(0)); })
        .value();
    return revisions;
  }

  MemoryStore store;
  Snapshots snapshots{*store, {.every_events = 10, .every_bytes = 0, .keep = 2}};
};

TEST_F(SnapshotsTest, LoadBeginsAtTheNewestAndReadsOnlyWhatCameAfter) {
  deposit(25);
  ASSERT_TRUE(snapshots.save(ann, load<Account>(*store, ann).value()));
  deposit(3);
  const auto loaded = snapshots.load<Account>(ann).value();
  EXPECT_EQ(loaded.state.cents, 28);
  EXPECT_EQ(loaded.revision, Revision{27});
  EXPECT_EQ(loaded.snapshot, Revision{24});
  EXPECT_EQ(loaded.events, 3U);
  EXPECT_EQ(loaded.bytes, 3U);
}

TEST_F(SnapshotsTest, LoadWithoutOneReadsTheWholeStream) {
  deposit(5);
  const auto loaded = snapshots.load<Account>(ann).value();
  EXPECT_EQ(loaded.state.cents, 5);
  EXPECT_EQ(loaded.snapshot, std::nullopt);
  EXPECT_EQ(snapshots.load<Account>(StreamId{"account-nobody"}).value().revision, std::nullopt);
}

TEST_F(SnapshotsTest, AreThereAfterTheStoreWasOpenedAgain) {
  deposit(5);
  ASSERT_TRUE(snapshots.save(ann, load<Account>(*store, ann).value()));
  store.reopen();
  const Snapshots again{*store};
  EXPECT_EQ(again.load<Account>(ann).value().snapshot, Revision{4});
}

TEST_F(SnapshotsTest, AreTakenWhenThePolicySaysSo) {
  deposit(9);
  EXPECT_FALSE(snapshots.save_if_due(ann, snapshots.load<Account>(ann).value()).value());
  deposit(1);
  EXPECT_TRUE(snapshots.save_if_due(ann, snapshots.load<Account>(ann).value()).value());
  deposit(9);
  EXPECT_FALSE(snapshots.save_if_due(ann, snapshots.load<Account>(ann).value()).value());
  EXPECT_EQ(stored(), (std::vector<std::uint64_t>{9}));
}

TEST(SnapshotPolicy, IsDueByEventsOrBytesWhicheverComesFirst) {
  struct Case {
    SnapshotPolicy policy;
    std::uint64_t events;
    std::uint64_t bytes;
    bool due;
  };
  const Case cases[] = {
      {{.every_events = 10, .every_bytes = 0}, 9, 1'000'000, false},
      {{.every_events = 10, .every_bytes = 0}, 10, 0, true},
      {{.every_events = 0, .every_bytes = 100}, 1'000'000, 99, false},
      {{.every_events = 0, .every_bytes = 100}, 1, 100, true},
      {{.every_events = 10, .every_bytes = 100}, 2, 101, true},
      {{.every_events = 0, .every_bytes = 0}, 1'000'000, 1'000'000, false},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(each.policy.is_due(each.events, each.bytes), each.due) << each.events << ' ' << each.bytes;
  }
}

TEST_F(SnapshotsTest, AllButTheNewestOfAKindAreRemoved) {
  for (int i = 0; i < 4; ++i) {
    deposit(10);
    ASSERT_TRUE(snapshots.save(ann, snapshots.load<Account>(ann).value()));
    if (i == 0) {
      ASSERT_TRUE(snapshots.save(ann, snapshots.load<Statistics>(ann).value()));
    }
  }
  EXPECT_EQ(stored(), (std::vector<std::uint64_t>{29, 39, 9}));
  EXPECT_EQ(snapshots.load<Statistics>(ann).value().state.events, 40);
}

TEST_F(SnapshotsTest, OfAnotherShapeArePassedBy) {
  deposit(10);
  ASSERT_TRUE(snapshots.save(ann, load<Account>(*store, ann).value()));
  const auto changed = snapshots.load<AccountWithLimit>(ann).value();
  EXPECT_EQ(changed.snapshot, std::nullopt);
  EXPECT_EQ(changed.state.cents, 10);
  const auto revised = snapshots.load<RevisedAccount>(ann).value();
  EXPECT_EQ(revised.snapshot, std::nullopt);
  EXPECT_EQ(revised.state.cents, 10);
}

TEST_F(SnapshotsTest, ThatAreNoStateArePassedBy) {
  deposit(10);
  const SnapshotShape shape = snapshot_shape<Account>().value();
  ASSERT_TRUE(snapshots.save(ann, Snapshot{.shape = shape, .revision = {9}, .data = {std::byte{'x'}}}));
  const auto loaded = snapshots.load<Account>(ann).value();
  EXPECT_EQ(loaded.state.cents, 10);
  EXPECT_EQ(loaded.snapshot, std::nullopt);
}

TEST_F(SnapshotsTest, BeyondTheEndOfTheirStreamArePassedBy) {
  deposit(10);
  ASSERT_TRUE(snapshots.save(ann, load<Account>(*store, ann).value()));
  ASSERT_TRUE(store.database().write([](Unit& unit) -> Result<void> {
    auto done = unit.exec("UPDATE snapshot SET revision = 500, data = '999'", {});
    if (!done) return std::move(done).error();
    return {};
  }));
  const auto loaded = snapshots.load<Account>(ann).value();
  EXPECT_EQ(loaded.state.cents, 10);
  EXPECT_EQ(loaded.revision, Revision{9});
}

TEST_F(SnapshotsTest, OfTheSameRevisionReplacesTheOneBefore) {
  deposit(10);
  const SnapshotShape shape = snapshot_shape<Account>().value();
  for (const char* data : {"1", "10"}) {
    const BytesView bytes = as_bytes(data);
    ASSERT_TRUE(snapshots.save(ann, Snapshot{.shape = shape, .revision = {9}, .data = {bytes.begin(), bytes.end()}}));
  }
  EXPECT_EQ(snapshots.load<Account>(ann).value().state.cents, 10);
  EXPECT_EQ(stored(), (std::vector<std::uint64_t>{9}));
}

TEST_F(SnapshotsTest, LandWithTheirUnitOrNotAtAll) {
  deposit(1);
  auto loaded = load<Account>(*store, ann).value();
  const auto append_and_save = [&](bool refuse) {
    return store.database().write([&](Unit& unit) -> Result<void> {
      const NewEvent event = store->new_event(Deposited{1}).value();
      if (auto done = store->append(unit, ann, loaded.expected(), {&event, 1}); !done) return done.error();
      Loaded<Account> after = loaded;
      after.state.cents = 2;
      after.revision = Revision{1};
      if (auto done = snapshots.save(unit, ann, after); !done) return done;
      if (refuse) return Error{Errc::rejected, "second thoughts"};
      return {};
    });
  };
  EXPECT_EQ(append_and_save(true).error().code(), Errc::rejected);
  EXPECT_EQ(stored(), std::vector<std::uint64_t>{});
  ASSERT_TRUE(append_and_save(false));
  EXPECT_EQ(snapshots.load<Account>(ann).value().snapshot, Revision{1});
}

TEST_F(SnapshotsTest, OfAStreamCanBeRemoved) {
  deposit(10);
  deposit(10, StreamId{"account-bob"});
  ASSERT_TRUE(snapshots.save(ann, load<Account>(*store, ann).value()));
  ASSERT_TRUE(snapshots.save(ann, load<Statistics>(*store, ann).value()));
  ASSERT_TRUE(snapshots.save(StreamId{"account-bob"}, load<Account>(*store, StreamId{"account-bob"}).value()));
  EXPECT_EQ(snapshots.remove(ann).value(), 2U);
  EXPECT_EQ(snapshots.remove(ann).value(), 0U);
  EXPECT_EQ(stored(), (std::vector<std::uint64_t>{9}));
}

TEST_F(SnapshotsTest, ThatCannotBeRightAreRefused) {
  deposit(10);
  const SnapshotShape shape = snapshot_shape<Account>().value();
  struct Case {
    const char* why;
    StreamId stream;
    Snapshot snapshot;
  };
  const Case cases[] = {
      {"the stream ends at 9", ann, {.shape = shape, .revision = {10}, .data = to_text(1)}},
      {"the stream does not exist", StreamId{"account-nobody"}, {.shape = shape, .revision = {0}, .data = to_text(1)}},
      {"its kind has no name", ann, {.shape = {}, .revision = {0}, .data = to_text(1)}},
  };
  for (const Case& each : cases) {
    const auto refused = snapshots.save(each.stream, each.snapshot);
    ASSERT_FALSE(refused) << each.why;
    EXPECT_EQ(refused.error().code(), Errc::invalid) << each.why;
    EXPECT_NE(refused.error().message().find(each.why), std::string::npos) << refused.error().message();
  }
  EXPECT_EQ(snapshots.save(ann, Loaded<Account>{}).error().code(), Errc::invalid) << "a state without events";
  EXPECT_EQ(stored(), std::vector<std::uint64_t>{});
}

// Whatever was saved, kept, removed, lost in a crash: loading gives what the events alone give.
TEST(SnapshotsProperty, LoadingFromASnapshotIsLoadingFromTheBeginning) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SeededRandom random{seed};
    MemoryStore store;
    const std::vector<StreamId> streams{StreamId{"account-1"}, StreamId{"account-2"}, StreamId{"account-3"}};
    for (int step = 0; step < 120; ++step) {
      Snapshots snapshots{*store, {.every_events = 1 + random.below(8), .keep = 1 + random.below(3)}};
      const StreamId& stream = streams[random.below(streams.size())];
      switch (random.below(8)) {
        case 0: random.below(2) == 0 ? store.reopen() : store.kill(); break;
        case 1: ASSERT_TRUE(snapshots.remove(stream)); break;
        case 2:
        case 3: {
          const auto loaded = snapshots.load<Account>(stream).value();
          ASSERT_TRUE(snapshots.save_if_due(stream, loaded));
          break;
        }
        default: {
          const auto amount = static_cast<std::int64_t>(random.below(100));
          const NewEvent event = random.below(2) == 0 ? store->new_event(Deposited{amount}).value()
                                                      : store->new_event(Withdrawn{amount}).value();
          ASSERT_TRUE(store->append(stream, ExpectedRevision::any(), event));
        }
      }
      const auto whole = load<Account>(*store, stream).value();
      const auto quick = Snapshots{*store}.load<Account>(stream).value();
      ASSERT_EQ(quick.state.cents, whole.state.cents) << "seed " << seed << " step " << step;
      ASSERT_EQ(quick.revision, whole.revision) << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace cairn
