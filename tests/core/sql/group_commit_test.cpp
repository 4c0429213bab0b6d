#include "sql/group_commit.hpp"

#include <array>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "core/sql/sql_test_store.hpp"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Outcome = std::optional<Errc>;
constexpr Outcome ok = std::nullopt;

Result<void> exec(Unit& unit, std::string_view sql) {
  auto done = unit.exec(sql);
  if (!done) return std::move(done).error();
  return {};
}

// Reads pages that are not in the writer's cache.
Result<void> read_far(Unit& unit) {
  return unit.each("SELECT sum(length(bulk)) FROM far", {}, [](const Row&) {});
}

// Writes more than the writer's cache holds, so that SQLite writes to the log before COMMIT.
Result<void> write_much(Unit& unit) {
  for (int i = 0; i < 100; ++i) {
    if (auto done = exec(unit, "INSERT INTO far(bulk) VALUES (zeroblob(7000))"); !done) return done;
  }
  return {};
}

Result<void> insert_two(Unit& unit) { return exec(unit, "INSERT INTO t VALUES (2)"); }

struct Case {
  const char* name;
  /// What the second of three units does besides inserting 2.
  std::function<Result<void>(Unit&, MemoryVfs&)> second;
  std::array<Outcome, 3> outcomes;
  std::vector<std::string> rows;  // the first inserts 1, the third 3
  int runs = 1;                   // of the first unit: 2 when the group had to find its guilty one
  bool fenced = false;
  std::function<Result<void>(MemoryVfs&)> prepare = {};  // of a participant
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

FaultPlan sticky(FaultKind kind, IoOp op, FileKind file) {
  return {.kind = kind, .only = op, .file = file, .sticky = true};
}

const std::vector<std::string> all_three{"1", "2", "3"};
const std::vector<std::string> one_and_three{"1", "3"};

const Case cases[] = {
    {"Nothing", [](Unit& unit, MemoryVfs&) { return insert_two(unit); }, {ok, ok, ok}, all_three},
    {"Rejection",
     [](Unit& unit, MemoryVfs&) -> Result<void> {
       if (auto done = insert_two(unit); !done) return done;
       return Error{Errc::rejected, "no"};
     },
     {ok, Errc::rejected, ok},
     one_and_three},
    {"ThrownException",
     [](Unit& unit, MemoryVfs&) -> Result<void> {
       (void)insert_two(unit);
       throw std::runtime_error{"no"};
     },
     {ok, Errc::handler_failed, ok},
     one_and_three},
    {"WrongSql",
     [](Unit& unit, MemoryVfs&) {
       (void)insert_two(unit);
       return exec(unit, "INSERT INTO nowhere VALUES (1)");
     },
     {ok, Errc::invalid, ok},
     one_and_three},
    {"UniqueConstraint",
     [](Unit& unit, MemoryVfs&) {
       (void)insert_two(unit);
       return exec(unit, "INSERT INTO t VALUES (1)");
     },
     {ok, Errc::already_exists, ok},
     one_and_three},
    {"ConstraintThatTheUnitLivesWith",
     [](Unit& unit, MemoryVfs&) {
       (void)exec(unit, "INSERT INTO t VALUES (1)");
       return insert_two(unit);
     },
     {ok, ok, ok},
     all_three},
    {"DeferredForeignKeyAtCommit",
     [](Unit& unit, MemoryVfs&) {
       (void)insert_two(unit);
       return exec(unit, "INSERT INTO child VALUES (77)");
     },
     {ok, Errc::invalid, ok},
     one_and_three,
     2},
    {"StatementThatRollsBackTheTransaction",
     [](Unit& unit, MemoryVfs&) {
       (void)insert_two(unit);
       return exec(unit, "INSERT OR ROLLBACK INTO t VALUES (2)");
     },
     {ok, Errc::already_exists, ok},
     one_and_three,
     2},
    {"TransactionRolledBackAndIgnored",
     [](Unit& unit, MemoryVfs&) -> Result<void> {
       (void)insert_two(unit);
       (void)exec(unit, "INSERT OR ROLLBACK INTO t VALUES (2)");
       (void)exec(unit, "INSERT INTO t VALUES (9)");  // must not commit by itself
       return {};
     },
     {ok, Errc::already_exists, ok},
     one_and_three,
     2},
    {"TransactionRolledBackInsideNested",
     [](Unit& unit, MemoryVfs&) -> Result<void> {
       (void)insert_two(unit);
       (void)unit.nested([&] { return exec(unit, "INSERT OR ROLLBACK INTO t VALUES (2)"); });
       (void)unit.nested([&] { return exec(unit, "INSERT INTO t VALUES (9)"); });
       return {};
     },
     {ok, Errc::already_exists, ok},
     one_and_three,
     2},
    {"TriggerThatRollsBack",
     [](Unit& unit, MemoryVfs&) {
       (void)insert_two(unit);
       return exec(unit, "INSERT INTO t VALUES (-1)");
     },
     {ok, Errc::invalid, ok},
     one_and_three,
     2},
    {"DamagedPage",
     [](Unit& unit, MemoryVfs&) {
       (void)insert_two(unit);
       return unit.each("SELECT count(*) FROM damaged", {}, [](const Row&) {});
     },
     {ok, Errc::corrupt, ok},
     one_and_three,
     2},
    {"PrepareRefusesOne",
     [](Unit& unit, MemoryVfs&) {
       (void)insert_two(unit);
       return exec(unit, "INSERT INTO refused_by_prepare VALUES (1)");
     },
     {ok, Errc::rejected, ok},
     one_and_three,
     2},
    {"ReadErrorBeforeCommit",
     [](Unit& unit, MemoryVfs& memory) {
       (void)insert_two(unit);
       memory.inject(sticky(FaultKind::io_error, IoOp::read, FileKind::main));
       return read_far(unit);
     },
     {Errc::unavailable, Errc::unavailable, Errc::unavailable},
     {}},
    {"ReadErrorThatTheUnitIgnores",
     [](Unit& unit, MemoryVfs& memory) -> Result<void> {
       (void)insert_two(unit);
       memory.inject(sticky(FaultKind::io_error, IoOp::read, FileKind::main));
       (void)read_far(unit);
       memory.clear_faults();
       (void)exec(unit, "INSERT INTO t VALUES (9)");
       return {};
     },
     {Errc::unavailable, Errc::unavailable, Errc::unavailable},
     {}},
    {"WriteErrorBeforeCommit",
     [](Unit& unit, MemoryVfs& memory) {
       (void)insert_two(unit);
       memory.inject(sticky(FaultKind::io_error, IoOp::write, FileKind::wal));
       return write_much(unit);
     },
     {Errc::unavailable, Errc::unavailable, Errc::unavailable},
     {}},
    {"DiskFullBeforeCommit",
     [](Unit& unit, MemoryVfs& memory) {
       (void)insert_two(unit);
       memory.inject(sticky(FaultKind::disk_full, IoOp::write, FileKind::wal));
       return write_much(unit);
     },
     {Errc::storage_full, Errc::storage_full, Errc::storage_full},
     {}},
    {"DiskFullInCommit",
     [](Unit& unit, MemoryVfs& memory) {
       memory.inject(sticky(FaultKind::disk_full, IoOp::write, FileKind::wal));
       return insert_two(unit);
     },
     {Errc::storage_full, Errc::storage_full, Errc::storage_full},
     {}},
    {"ShortWriteInCommit",
     [](Unit& unit, MemoryVfs& memory) {
       memory.inject(sticky(FaultKind::short_write, IoOp::write, FileKind::wal));
       return insert_two(unit);
     },
     {Errc::storage_full, Errc::storage_full, Errc::storage_full},
     {}},
    {"WriteErrorInCommit",
     [](Unit& unit, MemoryVfs& memory) {
       memory.inject(sticky(FaultKind::io_error, IoOp::write, FileKind::wal));
       return insert_two(unit);
     },
     {Errc::outcome_unknown, Errc::outcome_unknown, Errc::outcome_unknown},
     {},
     1,
     true},
    {"FailedSyncInCommit",
     [](Unit& unit, MemoryVfs& memory) {
       memory.inject(sticky(FaultKind::io_error, IoOp::sync, FileKind::wal));
       return insert_two(unit);
     },
     {Errc::outcome_unknown, Errc::outcome_unknown, Errc::outcome_unknown},
     {},
     1,
     true},
    {"FailedSyncWhenOnlyTheGuiltyOneIsTriedAlone",
     [](Unit& unit, MemoryVfs& memory) {
       memory.inject(sticky(FaultKind::io_error, IoOp::sync, FileKind::wal));
       return exec(unit, "INSERT OR ROLLBACK INTO t VALUES (1)");
     },
     {Errc::outcome_unknown, Errc::fenced, Errc::fenced},
     {},
     2,
     true},
};

// Refuses a group that wrote to one table, as the log refuses what it cannot write.
class RefusingParticipant final : public CommitParticipant {
 public:
  void savepoint_opened() override {}
  void savepoint_released() override {}
  void savepoint_rolled_back() override {}
  Result<void> prepare(Unit& unit) override {
    auto found = unit.first<std::int64_t>("SELECT count(*) FROM refused_by_prepare", {});
    if (!found) return found.error();
    if (**found > 0) return Error{Errc::rejected, "prepare says no"};
    return {};
  }
  void published() override {}
  void abandoned() override {}
  [[nodiscard]] bool has_idle_work() const override { return false; }
  Result<void> idle_work(Unit&) override { return {}; }
  Result<void> reload(SqlReader&) override { return {}; }
  void fenced() override {}
  void closed() override {}
};

class GroupOfThree : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    {
      auto db = test::open_store(options());
      test::must_exec(*db, {"CREATE TABLE t(a INTEGER PRIMARY KEY)", "CREATE TABLE far(bulk BLOB)",
                            "CREATE TABLE damaged(a)", "CREATE TABLE refused_by_prepare(a)",
                            "CREATE TABLE child(parent INTEGER REFERENCES t(a) DEFERRABLE INITIALLY DEFERRED)",
                            R"(CREATE TRIGGER no_negative BEFORE INSERT ON t WHEN NEW.a < 0
                               BEGIN SELECT RAISE(ROLLBACK, 'negative'); END)",
                            "INSERT INTO damaged VALUES (1)"});
      for (int i = 0; i < 200; ++i) test::must_exec(*db, {"INSERT INTO far(bulk) VALUES (randomblob(7000))"});
      const auto page = test::rows(*db, "SELECT rootpage FROM sqlite_schema WHERE name = 'damaged'");
      damaged_page = std::stoul(page.at(0));
    }
    Bytes file = *memory->read_file("store.db");
    file[(damaged_page - 1) * 8192 + 4000] ^= std::byte{1};
    memory->replace_file("store.db", file);
  }

  DatabaseOptions options() const {
    DatabaseOptions options = test::stepped_in(*memory);
    options.writer_cache_bytes = 256 << 10;
    return options;
  }

  std::unique_ptr<MemoryVfs> memory = MemoryVfs::create();
  std::size_t damaged_page = 0;
};

TEST_P(GroupOfThree, OneFailureHasExactlyItsEffectOnTheOthers) {
  const Case& test = GetParam();
  auto db = test::open_store(options());
  RefusingParticipant participant;
  ASSERT_TRUE(db->attach(participant));

  test::ScriptedUnit first{"INSERT INTO t VALUES (1)"};
  test::ScriptedUnit second{[&](Unit& unit) { return test.second(unit, *memory); }};
  test::ScriptedUnit third{"INSERT INTO t VALUES (3)"};
  for (test::ScriptedUnit* unit : {&first, &second, &third}) ASSERT_TRUE(db->submit(*unit));
  auto stepped = db->step(3);
  ASSERT_TRUE(stepped);
  EXPECT_TRUE(*stepped);
  memory->clear_faults();

  const test::ScriptedUnit* const units[] = {&first, &second, &third};
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(units[i]->outcome.has_value()) << "unit " << i;
    EXPECT_EQ(test::code_of(*units[i]->outcome), test.outcomes[i])
        << "unit " << i << ": " << (*units[i]->outcome ? "ok" : units[i]->outcome->error().to_string());
  }
  EXPECT_EQ(first.runs, test.runs);
  EXPECT_EQ(db->fenced(), test.fenced);
  EXPECT_EQ(test::rows(*db, "SELECT a FROM t ORDER BY a"), test.rows);

  if (!test.fenced) {
    // Whatever happened, the next group works.
    test::must_exec(*db, {"INSERT INTO t VALUES (100)"});
    db.reset();
    db = test::open_store(options());
    auto expected = test.rows;
    expected.emplace_back("100");
    EXPECT_EQ(test::rows(*db, "SELECT a FROM t ORDER BY a"), expected);
  }
  db->detach(participant);
}

INSTANTIATE_TEST_SUITE_P(Cases, GroupOfThree, testing::ValuesIn(cases),
                         [](const auto& param) { return std::string{param.param.name}; });

// Writes down what it is told.
class RecordingParticipant final : public CommitParticipant {
 public:
  void savepoint_opened() override { calls.emplace_back("("); }
  void savepoint_released() override { calls.emplace_back(")"); }
  void savepoint_rolled_back() override { calls.emplace_back("x"); }
  Result<void> prepare(Unit&) override {
    calls.emplace_back("prepare");
    return {};
  }
  void published() override { calls.emplace_back("published"); }
  void abandoned() override { calls.emplace_back("abandoned"); }
  [[nodiscard]] bool has_idle_work() const override { return idle_slices > 0; }
  Result<void> idle_work(Unit& unit) override {
    --idle_slices;
    calls.emplace_back("idle");
    return exec(unit, "INSERT INTO t VALUES (NULL)");
  }
  Result<void> reload(SqlReader&) override {
    calls.emplace_back("reload");
    return {};
  }
  void fenced() override { calls.emplace_back("fenced"); }
  void closed() override { calls.emplace_back("closed"); }

  std::vector<std::string> take() { return std::exchange(calls, {}); }

  std::vector<std::string> calls;
  int idle_slices = 0;
};

class Participants : public testing::Test {
 protected:
  void SetUp() override {
    test::must_exec(*db, {"CREATE TABLE t(a INTEGER PRIMARY KEY)",
                          "CREATE TABLE child(parent INTEGER REFERENCES t(a) DEFERRABLE INITIALLY DEFERRED)"});
    ASSERT_TRUE(db->attach(participant));
    EXPECT_THAT(participant.take(), ElementsAre("reload"));
  }
  void TearDown() override { db->detach(participant); }

  void run(std::initializer_list<test::ScriptedUnit*> units) {
    for (test::ScriptedUnit* unit : units) {
      unit->on_finished = [this] { participant.calls.emplace_back("finished"); };
      ASSERT_TRUE(db->submit(*unit));
    }
    ASSERT_TRUE(db->step(units.size()));
  }

  std::unique_ptr<MemoryVfs> memory = MemoryVfs::create();
  std::unique_ptr<Database> db = test::open_store(test::stepped_in(*memory));
  RecordingParticipant participant;
};

TEST_F(Participants, FollowUnitsInTheirOrderAndPublishBeforeCallersHear) {
  test::ScriptedUnit good{"INSERT INTO t VALUES (1)"};
  test::ScriptedUnit bad{"INSERT INTO t VALUES (1)"};
  run({&good, &bad});
  EXPECT_THAT(participant.take(), ElementsAre("(", ")", "(", "x", "prepare", "published", "finished", "finished"));
}

TEST_F(Participants, FollowNestedSavepoints) {
  test::ScriptedUnit unit{[](Unit& u) -> Result<void> {
    (void)u.nested([&] { return exec(u, "INSERT INTO t VALUES (1)"); });
    (void)u.nested([&] { return u.nested([&] { return exec(u, "INSERT INTO t VALUES (1)"); }); });
    return {};
  }};
  run({&unit});
  EXPECT_THAT(participant.take(),
              ElementsAre("(", "(", ")", "(", "(", "x", "x", ")", "prepare", "published", "finished"));
}

TEST_F(Participants, NeedNotPrepareWhenEveryUnitWasRefused) {
  test::ScriptedUnit bad{"INSERT INTO nowhere VALUES (1)"};
  run({&bad});
  EXPECT_THAT(participant.take(), ElementsAre("(", "x", "abandoned", "finished"));
}

TEST_F(Participants, SeeEachUnitAgainAfterTheGroupIsUndone) {
  test::ScriptedUnit good{"INSERT INTO t VALUES (1)"};
  test::ScriptedUnit bad{"INSERT INTO child VALUES (77)"};
  run({&good, &bad});
  EXPECT_THAT(participant.take(), ElementsAre("(", ")", "(", ")", "prepare", "abandoned",      // together
                                              "(", ")", "prepare", "published", "finished",    // the good one alone
                                              "(", ")", "prepare", "abandoned", "finished"));  // the guilty one alone
}

TEST_F(Participants, AreAbandonedWithSavepointsStillOpen) {
  test::ScriptedUnit bad{[](Unit& u) -> Result<void> {
    (void)exec(u, "INSERT INTO t VALUES (1)");
    return u.nested([&] { return exec(u, "INSERT OR ROLLBACK INTO t VALUES (1)"); });
  }};
  run({&bad});
  EXPECT_THAT(participant.take(), ElementsAre("(", "(", "abandoned", "finished"));
}

TEST_F(Participants, DoIdleWorkWhenNothingIsQueued) {
  participant.idle_slices = 2;
  EXPECT_EQ(db->step(1).value(), true);
  EXPECT_EQ(db->step(1).value(), true);
  EXPECT_EQ(db->step(1).value(), false);
  EXPECT_THAT(participant.take(),
              ElementsAre("(", "idle", ")", "prepare", "published", "(", "idle", ")", "prepare", "published"));
}

TEST_F(Participants, AreReloadedByRecover) {
  ASSERT_TRUE(db->recover());
  EXPECT_THAT(participant.take(), ElementsAre("reload"));
}

TEST_F(Participants, HearThatTheDatabaseIsFencedBeforeCallersDo) {
  memory->inject({.kind = FaultKind::io_error, .only = IoOp::sync, .file = FileKind::wal});
  test::ScriptedUnit one{[](Unit& u) { return exec(u, "INSERT INTO t VALUES (1)"); }};
  run({&one});
  EXPECT_THAT(participant.take(), ElementsAre("(", ")", "prepare", "abandoned", "fenced", "finished"));
  memory->clear_faults();
  ASSERT_TRUE(db->recover());
  EXPECT_THAT(participant.take(), ElementsAre("reload"));
}

TEST_F(Participants, HearThatTheDatabaseCloses) {
  ASSERT_TRUE(db->close());
  EXPECT_THAT(participant.take(), ElementsAre("closed"));
}

TEST_F(Participants, HearNothingAfterDetach) {
  db->detach(participant);
  test::must_exec(*db, {"INSERT INTO t VALUES (1)"});
  EXPECT_THAT(participant.take(), IsEmpty());
}

}  // namespace
}  // namespace cairn
