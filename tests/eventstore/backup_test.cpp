#include <cairn/eventstore/backup.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::make_event;
using test::make_events;
using test::MemoryStore;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const StreamId account{"account-1"};

/// Events of several kinds in several streams, some with payloads of their own rows.
void fill(MemoryStore& store, std::uint64_t events) {
  for (std::uint64_t number = 1; number <= events; ++number) {
    NewEvent event = make_event(number, number % 3 == 0 ? "account.opened" : "account.deposited", {"owner:ann"});
    if (number % 50 == 0) event.data.resize(20'000, std::byte(number % 251));
    const auto stream = StreamId::of("account", std::to_string(number % 7)).value();
    ASSERT_TRUE(store->append(stream, ExpectedRevision::any(), event));
  }
}

/// A store of its own, in the same memory, that is there while `look` looks.
void with_store(MemoryVfs& disk, const char* file, const std::function<void(EventStore&)>& look) {
  auto database = Database::open({.file = file, .writer = WriterMode::stepped, .memory = &disk}).value();
  {
    auto store = EventStore::open(*database).value();
    look(*store);
  }
  ASSERT_TRUE(database->close());
}

std::vector<OwnedEvent> dump(const EventStore& store) {
  return store.read_all({.filter = {.system = true}}).collect().value();
}

DatabaseRestore restore_in(MemoryStore& store, const char* backup = "backup.db", const char* target = "restored.db") {
  return {.backup = backup, .target = target, .memory = &store.disk(), .clock = &store.clock()};
}

std::vector<OwnedEvent> first_of(std::vector<OwnedEvent> events, GlobalPosition position) {
  events.resize(position.value);
  return events;
}

TEST(Backup, IsTheStoreOfTheMomentItReportsWhateverIsAppendedMeanwhile) {
  MemoryStore store;
  fill(store, 700);
  std::uint64_t next = 1'000;
  int steps = 0;
  const auto append_more = [&](const CopyProgress& progress) {
    EXPECT_LE(progress.pages, progress.total);
    ++steps;
    ASSERT_TRUE(store->append(account, ExpectedRevision::any(), make_event(next++)));
  };
  const auto report = store->backup("backup.db", {.on_progress = append_more, .step_pages = 4});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_GT(steps, 3);
  EXPECT_EQ(report->position.value, 700U + static_cast<unsigned>(steps) - 1U) << "the last step is the moment";
  EXPECT_EQ(report->bytes, report->pages * 8192);

  const auto restored = restore_backup(restore_in(store));
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(restored->position, report->position);
  with_store(store.disk(), "restored.db", [&](EventStore& copy) {
    EXPECT_EQ(dump(copy), first_of(store.dump(), report->position));
    const auto verified = copy.verify().value();
    EXPECT_TRUE(verified.good()) << *verified.first_bad;
    const auto appended = copy.append(account, ExpectedRevision::any(), make_event(9'999));
    ASSERT_TRUE(appended);
    EXPECT_EQ(appended->first_position.value, report->position.value + 1);
  });
}

TEST(Backup, LeavesNothingBesideItsTargetAndTheStoreInOrder) {
  MemoryStore store;
  fill(store, 300);
  const auto before = store.dump();
  ASSERT_TRUE(store->backup("backup.db"));
  store.reopen();
  EXPECT_EQ(store.dump(), before);
  EXPECT_TRUE(store->verify().value().good());
  EXPECT_THAT(store.disk().files(), ElementsAre("backup.db", "store.db", "store.db-wal"));
}

TEST(Backup, IsOneFileInNoNeedOfALog) {
  MemoryStore store;
  fill(store, 10);
  ASSERT_TRUE(store->backup("backup.db"));
  const Bytes header = store.disk().read_file("backup.db").value();
  EXPECT_EQ(header.at(18), std::byte{1}) << "not in WAL mode";
  EXPECT_EQ(header.at(19), std::byte{1});
}

TEST(Backup, ComesToItsEndThoughMoreIsWrittenThanAStepCopies) {
  MemoryStore store;
  fill(store, 300);
  std::uint64_t next = 1'000;
  int steps = 0;
  const auto append_much = [&](const CopyProgress&) {
    ASSERT_LT(++steps, 50) << "the copy is left behind";
    std::vector<NewEvent> events = make_events(next, 60);
    next += events.size();
    for (NewEvent& event : events) event.data.resize(16'000);
    ASSERT_TRUE(store->append(account, ExpectedRevision::any(), events));
  };
  EXPECT_TRUE(store->backup("backup.db", {.on_progress = append_much, .step_pages = 4}));
}

// SQLite starts the copy over when a unit is undone whose pages had spilled.
TEST(Backup, ComesToItsEndThoughEachStepIsFollowedByAUnitThatIsUndone) {
  MemoryStore store{{}, MemoryVfs::create(), {.file = {}, .writer_cache_bytes = 1}};
  fill(store, 700);
  int steps = 0;
  const auto undo_much = [&](const CopyProgress&) {
    ASSERT_LT(++steps, 50) << "the copy starts over for ever";
    std::vector<NewEvent> events = make_events(5'000, 100);
    for (NewEvent& event : events) event.data.resize(16'000, std::byte{0x55});  // more than the cache: pages spill
    const auto undone = store.database().write([&](Unit& unit) -> Result<void> {
      if (auto done = store->append(unit, account, ExpectedRevision::any(), events); !done) return done.error();
      return Error{Errc::rejected, "the unit changes its mind"};
    });
    ASSERT_FALSE(undone);
  };
  ASSERT_TRUE(store->backup("backup.db", {.on_progress = undo_much, .step_pages = 4}));
  ASSERT_TRUE(restore_backup(restore_in(store)));
  with_store(store.disk(), "restored.db", [&](EventStore& copy) {
    EXPECT_EQ(dump(copy), store.dump());
    EXPECT_TRUE(copy.verify().value().good());
  });
}

TEST(Backup, OfARestoredStoreKnowsItsOrigin) {
  MemoryStore store;
  fill(store, 20);
  const Timestamp backed_up_at = store.clock().now();
  ASSERT_TRUE(store->backup("backup.db"));
  EXPECT_FALSE(store.database().origin().value().has_value());
  store.clock().advance(std::chrono::hours{1});
  ASSERT_TRUE(restore_backup(restore_in(store)));
  with_store(store.disk(), "restored.db", [&](EventStore& copy) {
    const auto origin = copy.database().origin().value();
    ASSERT_TRUE(origin);
    EXPECT_EQ(origin->mark, 20U);
    EXPECT_EQ(origin->backed_up_at, backed_up_at);
    EXPECT_EQ(origin->restored_at, store.clock().now());
    ASSERT_TRUE(copy.append(account, ExpectedRevision::any(), make_event(500)));
    const auto again = copy.backup("second.db");
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(again->position.value, 21U);
  });
  EXPECT_EQ(restore_backup(restore_in(store, "second.db", "third.db"))->position.value, 21U);
}

struct Refusal {
  const char* name;
  const char* target;
  const char* there;  // a file that is there already
  Errc code;
  const char* says;
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

const Refusal refusals[] = {
    {"Target", "backup.db", "backup.db", Errc::already_exists, "copy to backup.db: backup.db is there"},
    {"LogOfTarget", "backup.db", "backup.db-wal", Errc::already_exists, "backup.db-wal is there"},
    {"IndexOfTarget", "backup.db", "backup.db-shm", Errc::already_exists, "backup.db-shm is there"},
    {"TheStoreItself", "store.db", "other.db", Errc::already_exists, "store.db is there"},
    {"NoName", "", "other.db", Errc::invalid, "no file name"},
    {"NameOfAnUnfinishedCopy", "b.db.cairn-partial", "other.db", Errc::invalid, "unfinished backup"},
};

class CopyRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(CopyRefuses, WhatItWouldHaveToOverwriteAndLeavesEverythingAsItWas) {
  MemoryStore store;
  fill(store, 5);
  ASSERT_TRUE(store->backup("good.db"));
  store.disk().replace_file(GetParam().there, as_bytes("something"));
  const auto files = store.disk().files();
  const auto check = [&](const Result<BackupReport>& refused) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), GetParam().code);
    EXPECT_THAT(refused.error().message(), HasSubstr(GetParam().says));
    EXPECT_EQ(store.disk().files(), files);
    EXPECT_EQ(store.disk().read_file(GetParam().there), to_bytes("something"));
  };
  check(store->backup(GetParam().target));
  check(restore_backup(restore_in(store, "good.db", GetParam().target)));
}
INSTANTIATE_TEST_SUITE_P(Backup, CopyRefuses, testing::ValuesIn(refusals),
                         [](const auto& param) { return std::string{param.param.name}; });

TEST(Backup, IsRefusedWhereItWouldWaitForItself) {
  MemoryStore store;
  const auto refused = store.database().write([&](Unit&) { return store->backup("backup.db"); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::invalid);
  EXPECT_THAT(refused.error().message(), HasSubstr("Database::backup"));
}

/// What may end a backup in its middle.
struct Ending {
  const char* name;
  std::function<void(MemoryStore&, std::stop_source&)> act;
  Errc code;
};
void PrintTo(const Ending& ending, std::ostream* out) { *out << ending.name; }

const Ending endings[] = {
    {"Stop", [](MemoryStore&, std::stop_source& stop) { stop.request_stop(); }, Errc::cancelled},
    {"Throw", [](MemoryStore&, std::stop_source&) { throw std::runtime_error{"no"}; }, Errc::handler_failed},
    {"Recover", [](MemoryStore& store, std::stop_source&) { ASSERT_TRUE(store.database().recover()); },
     Errc::unavailable},
    {"Fence",
     [](MemoryStore& store, std::stop_source&) {
       store.disk().inject({.only = IoOp::sync, .file = FileKind::wal});
       EXPECT_EQ(store->append(account, ExpectedRevision::any(), make_event(800)).error().code(),
                 Errc::outcome_unknown);
     },
     Errc::fenced},
};

class BackupEnds : public testing::TestWithParam<Ending> {};

TEST_P(BackupEnds, WithItsOwnErrorLeavingNothingAndTheNextOneWorks) {
  MemoryStore store;
  fill(store, 300);
  const auto files = store.disk().files();
  std::stop_source stop;
  const auto act = [&](const CopyProgress&) { GetParam().act(store, stop); };
  const auto ended = store->backup("backup.db", {.on_progress = act, .stop = stop.get_token(), .step_pages = 4});
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), GetParam().code) << ended.error().to_string();
  EXPECT_EQ(store.disk().files(), files);
  store.disk().clear_faults();
  ASSERT_TRUE(store.database().recover());
  ASSERT_TRUE(store->append(account, ExpectedRevision::any(), make_event(900)));
  EXPECT_TRUE(store->backup("backup.db"));
  EXPECT_TRUE(restore_backup(restore_in(store)));
}
INSTANTIATE_TEST_SUITE_P(By, BackupEnds, testing::ValuesIn(endings),
                         [](const auto& param) { return std::string{param.param.name}; });

TEST(Backup, OfAFencedStoreIsRefused) {
  MemoryStore store;
  fill(store, 5);
  store.disk().inject({.only = IoOp::sync, .file = FileKind::wal});
  ASSERT_FALSE(store->append(account, ExpectedRevision::any(), make_event(80)));
  EXPECT_EQ(store->backup("backup.db").error().code(), Errc::fenced);
  EXPECT_THAT(store.disk().files(), Not(testing::Contains("backup.db")));
}

TEST(Backup, LetsOnlyOneGrowUnderAName) {
  MemoryStore store;
  fill(store, 200);
  bool asked = false;
  const auto again = [&](const CopyProgress&) {
    if (asked) return;
    asked = true;
    EXPECT_EQ(store->backup("backup.db").error().code(), Errc::busy_owner);
    EXPECT_TRUE(store->backup("other.db")) << "two at once, to different places";
  };
  EXPECT_TRUE(store->backup("backup.db", {.on_progress = again, .step_pages = 4}));
  EXPECT_TRUE(asked);
}

TEST(Backup, ReplacesWhatAnInterruptedOneLeft) {
  MemoryStore store;
  fill(store, 20);
  store.disk().replace_file("backup.db.cairn-partial", as_bytes("half a backup"));
  ASSERT_TRUE(store->backup("backup.db"));
  EXPECT_THAT(store.disk().files(), Not(testing::Contains("backup.db.cairn-partial")));
  EXPECT_TRUE(restore_backup(restore_in(store)));
}

/// What is no backup, or none any more.
struct Damage {
  const char* name;
  std::function<void(MemoryStore&)> act;
  Errc code;
  const char* says;
};
void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.name; }

void change(MemoryStore& store, const std::function<void(Bytes&)>& edit) {
  Bytes bytes = store.disk().read_file("backup.db").value();
  edit(bytes);
  store.disk().replace_file("backup.db", bytes);
}

const Damage damages[] = {
    {"Gone", [](MemoryStore& store) { store.disk().remove_file("backup.db"); }, Errc::not_found, "no such file"},
    {"Empty", [](MemoryStore& store) { store.disk().replace_file("backup.db", {}); }, Errc::invalid, "not a store"},
    {"ForeignBytes", [](MemoryStore& store) { change(store, [](Bytes& bytes) { bytes[3] = std::byte{0}; }); },
     Errc::invalid, "not a store"},
    {"CutByAPage",
     [](MemoryStore& store) { change(store, [](Bytes& bytes) { bytes.erase(bytes.end() - 8192, bytes.end()); }); },
     Errc::corrupt, "where its header says"},
    {"CutInAPage", [](MemoryStore& store) { change(store, [](Bytes& bytes) { bytes.pop_back(); }); }, Errc::corrupt,
     "where its header says"},
    {"ZeroedPage",
     [](MemoryStore& store) {
       change(store, [](Bytes& bytes) { std::fill_n(bytes.begin() + 32'768, 8192, std::byte{0}); });
     },
     Errc::corrupt, "page 5 is damaged"},
    {"StoreInUse",
     [](MemoryStore& store) { store.disk().replace_file("backup.db", *store.disk().read_file("store.db")); },
     Errc::invalid, "in use as a store"},
    {"OpenedSince", [](MemoryStore& store) { with_store(store.disk(), "backup.db", [](EventStore&) {}); },
     Errc::invalid, "in use as a store"},
    {"LogBesideIt", [](MemoryStore& store) { store.disk().replace_file("backup.db-wal", as_bytes("frames")); },
     Errc::invalid, "not closed"},
};

class RestoreRefuses : public testing::TestWithParam<Damage> {};

TEST_P(RestoreRefuses, WhatIsNoBackupAndLeavesNothing) {
  MemoryStore store;
  fill(store, 60);
  ASSERT_TRUE(store->backup("backup.db"));
  GetParam().act(store);
  const auto files = store.disk().files();
  const auto refused = restore_backup(restore_in(store));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), GetParam().code) << refused.error().to_string();
  EXPECT_THAT(refused.error().message(), HasSubstr(GetParam().says));
  EXPECT_EQ(store.disk().files(), files);
}
INSTANTIATE_TEST_SUITE_P(Backup, RestoreRefuses, testing::ValuesIn(damages),
                         [](const auto& param) { return std::string{param.param.name}; });

TEST(Restore, FindsAnyFlippedByte) {
  MemoryStore store;
  fill(store, 60);
  ASSERT_TRUE(store->backup("backup.db"));
  const Bytes good = store.disk().read_file("backup.db").value();
  for (std::size_t at = 100; at < good.size(); at += 997) {
    Bytes bad = good;
    bad[at] ^= std::byte{1};
    store.disk().replace_file("backup.db", bad);
    const auto refused = restore_backup(restore_in(store));
    ASSERT_FALSE(refused) << "byte " << at;
    EXPECT_EQ(refused.error().code(), Errc::corrupt);
    EXPECT_EQ(refused.error().number("page"), at / 8192 + 1);
  }
}

TEST(Restore, StopsAndLeavesNothing) {
  MemoryStore store;
  fill(store, 300);
  ASSERT_TRUE(store->backup("backup.db"));
  const auto files = store.disk().files();
  std::stop_source stop;
  DatabaseRestore restore = restore_in(store);
  restore.options = {
      .on_progress = [&](const CopyProgress&) { stop.request_stop(); }, .stop = stop.get_token(), .step_pages = 4};
  EXPECT_EQ(restore_backup(restore).error().code(), Errc::cancelled);
  EXPECT_EQ(store.disk().files(), files);
}

/// A directory on the disk that goes with the test.
class OnDisk : public testing::Test {
 protected:
  OnDisk() : directory{std::filesystem::path{testing::TempDir()} / ("cairn_backup_" + std::to_string(::getpid()))} {
    std::filesystem::create_directories(directory);
  }
  void TearDown() override { std::filesystem::remove_all(directory); }
  std::filesystem::path directory;
};

TEST_F(OnDisk, ABackupIsRestoredVerifiedAndAppendedTo) {
  {
    auto database = Database::open({.file = directory / "store.db"}).value();
    auto store = EventStore::open(*database).value();
    ASSERT_TRUE(store->append(account, ExpectedRevision::no_stream(), make_events(1, 1'000)));
    EXPECT_EQ(store->backup(directory / "backup.db").value().position.value, 1'000U);
    EXPECT_EQ(store->backup(directory / "backup.db").error().code(), Errc::already_exists);
    EXPECT_EQ(store->backup(directory / "no_such" / "backup.db").error().code(), Errc::not_found);
    store.reset();
  }
  const DatabaseRestore restore{.backup = directory / "backup.db", .target = directory / "restored.db"};
  ASSERT_TRUE(restore_backup(restore));
  EXPECT_EQ(restore_backup(restore).error().code(), Errc::already_exists);
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator{directory}) files.push_back(entry.path().filename());
  EXPECT_THAT(files, testing::UnorderedElementsAre("backup.db", "restored.db", "store.db"));

  auto database = Database::open({.file = directory / "restored.db"}).value();
  auto store = EventStore::open(*database).value();
  EXPECT_TRUE(store->verify().value().good());
  EXPECT_EQ(store->append(account, ExpectedRevision::exactly(999), make_event(2'000)).value().first_position.value,
            1'001U);
}

}  // namespace
}  // namespace cairn
