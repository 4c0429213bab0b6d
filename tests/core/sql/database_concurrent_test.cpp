#include <cairn/core/sql/database.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/simulated_clock.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "core/sql/sql_test_store.hpp"
#include "core/sql/vfs_connection.hpp"

namespace cairn {
namespace {

DatabaseOptions threaded(MemoryVfs& memory) {
  DatabaseOptions options{.file = "store.db", .memory = &memory};
  options.checkpoint_pages = 20;  // checkpoints and pauses of the readers all the time
  options.wal_bytes_max = std::size_t{60} * 8192;
  options.readers = 2;
  options.queue_units_max = 6;  // fewer than writers: back-pressure
  return options;
}

std::int64_t count(Database& db) {
  auto tx = db.read();
  EXPECT_TRUE(tx) << tx.error().to_string();
  if (!tx) return -1;
  auto found = tx->first<std::int64_t>("SELECT count(*) FROM t", {});
  EXPECT_TRUE(found) << found.error().to_string();
  return found ? **found : -1;
}

TEST(DatabaseConcurrent, EveryWriterIsAnsweredOnceAndReadersSeeWholeUnits) {
  constexpr int writers = 8;
  constexpr int each = 60;
  auto memory = MemoryVfs::create();
  auto db = test::open_store(threaded(*memory));
  test::must_exec(*db, {"CREATE TABLE t(a INTEGER PRIMARY KEY, bulk BLOB)", "CREATE TABLE u(a INTEGER PRIMARY KEY)"});

  std::atomic<int> committed{0};
  std::atomic<int> refused{0};
  std::atomic<bool> done{false};
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < each; ++i) {
        const std::int64_t number = writer * each + i;
        auto wrote = db->write([&](Unit& unit) -> Result<void> {
          if (auto t = unit.exec("INSERT INTO t VALUES ($1, zeroblob(2000))", {number}); !t) return t.error();
          if (i % 10 == 9) return Error{Errc::rejected, "every tenth"};
          if (auto u = unit.exec("INSERT INTO u VALUES ($1)", {number}); !u) return u.error();
          return {};
        });
        ++(wrote ? committed : refused);
        if (!wrote) {
          EXPECT_EQ(wrote.error().code(), Errc::rejected) << wrote.error().to_string();
        }
      }
    });
  }
  std::vector<std::jthread> readers;
  for (int reader = 0; reader < 4; ++reader) {
    readers.emplace_back([&] {
      std::int64_t seen = 0;
      while (!done.load()) {
        auto tx = db->read();
        ASSERT_TRUE(tx) << tx.error().to_string();
        auto t = tx->first<std::int64_t>("SELECT count(*) FROM t", {});
        auto u = tx->first<std::int64_t>("SELECT count(*) FROM u", {});
        ASSERT_TRUE(t && u);
        EXPECT_EQ(**t, **u);
        EXPECT_GE(**t, seen);
        seen = **t;
      }
    });
  }
  threads.clear();
  done = true;
  readers.clear();

  EXPECT_EQ(committed, writers * each * 9 / 10);
  EXPECT_EQ(refused, writers * each / 10);
  EXPECT_EQ(count(*db), committed);
  EXPECT_GT(db->statistics().checkpoints, 0U);
  ASSERT_TRUE(db->close());
}

TEST(DatabaseConcurrent, ACommittedUnitIsSeenByTheNextRead) {
  auto memory = MemoryVfs::create();
  auto db = test::open_store(threaded(*memory));
  test::must_exec(*db, {"CREATE TABLE t(a INTEGER PRIMARY KEY)"});
  std::atomic<std::int64_t> acknowledged{0};
  std::jthread writer{[&] {
    for (int i = 0; i < 300; ++i) {
      ASSERT_TRUE(db->write([](Unit& unit) { return unit.exec("INSERT INTO t VALUES (NULL)"); }));
      acknowledged.fetch_add(1);
    }
  }};
  while (acknowledged.load() < 300) {
    const std::int64_t before = acknowledged.load();
    EXPECT_GE(count(*db), before);
  }
}

TEST(DatabaseConcurrent, CompletionsComeInTheOrderOfTheQueue) {
  auto memory = MemoryVfs::create();
  DatabaseOptions options = threaded(*memory);
  options.queue_units_max = 1000;
  auto db = test::open_store(options);
  test::must_exec(*db, {"CREATE TABLE t(a INTEGER PRIMARY KEY)"});
  std::vector<int> order;  // written on the writer's thread only
  std::latch all{200};
  std::vector<std::unique_ptr<test::ScriptedUnit>> units;
  for (int i = 0; i < 200; ++i) {
    units.push_back(std::make_unique<test::ScriptedUnit>("INSERT INTO t VALUES (NULL)"));
    units.back()->on_finished = [&order, &all, i] {
      order.push_back(i);
      all.count_down();
    };
    ASSERT_TRUE(db->submit(*units.back()));
  }
  all.wait();
  ASSERT_TRUE(db->close());
  for (int i = 0; i < 200; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(DatabaseConcurrent, CloseDrainsWhatWasAcceptedAndRefusesTheRest) {
  auto memory = MemoryVfs::create();
  std::atomic<int> committed{0};
  {
    auto db = test::open_store(threaded(*memory));
    test::must_exec(*db, {"CREATE TABLE t(a INTEGER PRIMARY KEY)"});
    std::latch running{8};
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < 8; ++writer) {
      threads.emplace_back([&] {
        running.count_down();
        while (true) {
          auto wrote = db->write([](Unit& unit) { return unit.exec("INSERT INTO t VALUES (NULL)"); });
          if (!wrote) {
            EXPECT_EQ(wrote.error().code(), Errc::cancelled) << wrote.error().to_string();
            return;
          }
          ++committed;
        }
      });
    }
    running.wait();
    while (committed.load() < 50) std::this_thread::yield();
    auto closed = db->close();
    EXPECT_TRUE(closed) << closed.error().to_string();
    threads.clear();
  }
  auto db = test::open_store(threaded(*memory));
  EXPECT_EQ(count(*db), committed);
}

TEST(DatabaseConcurrent, RecoverInTheMidstOfWorkLosesNoAnswer) {
  auto memory = MemoryVfs::create();
  auto db = test::open_store(threaded(*memory));
  test::must_exec(*db, {"CREATE TABLE t(a INTEGER PRIMARY KEY)"});
  std::atomic<int> committed{0};
  std::atomic<bool> done{false};
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < 4; ++writer) {
    threads.emplace_back([&] {
      while (!done.load()) {
        auto wrote = db->write([](Unit& unit) { return unit.exec("INSERT INTO t VALUES (NULL)"); });
        if (wrote) {
          ++committed;
        } else {
          const Errc code = wrote.error().code();
          EXPECT_TRUE(code == Errc::fenced || code == Errc::unavailable) << wrote.error().to_string();
        }
      }
    });
  }
  threads.emplace_back([&] {
    while (!done.load()) EXPECT_GE(count(*db), 0);
  });
  for (int i = 0; i < 10; ++i) {
    const int before = committed.load();
    while (committed.load() < before + 5) std::this_thread::yield();
    auto recovered = db->recover();
    EXPECT_TRUE(recovered) << recovered.error().to_string();
  }
  done = true;
  threads.clear();
  EXPECT_EQ(count(*db), committed);
  EXPECT_EQ(db->epoch(), 11U);
}

TEST(DatabaseConcurrent, AReadWaitsForAFreeReaderAndTimesOutWithoutOne) {
  auto memory = MemoryVfs::create();
  DatabaseOptions options = threaded(*memory);
  options.readers = 1;
  options.read_timeout = std::chrono::milliseconds{20};
  auto db = test::open_store(options);
  {
    auto held = db->read();
    ASSERT_TRUE(held);
    EXPECT_EQ(test::code_of(db->read()), Errc::timeout);
  }
  EXPECT_EQ(test::code_of(db->read()), std::nullopt);
  db.reset();

  options.read_timeout = std::chrono::minutes{1};
  db = test::open_store(options);
  std::jthread waiting;
  {
    auto held = db->read();
    ASSERT_TRUE(held);
    waiting = std::jthread{[&] { EXPECT_EQ(test::code_of(db->read()), std::nullopt); }};
  }
}

TEST(DatabaseConcurrent, CloseNamesAReadTransactionThatIsStillOpenAndWorksAfterIt) {
  auto memory = MemoryVfs::create();
  DatabaseOptions options = threaded(*memory);
  options.read_timeout = std::chrono::milliseconds{20};
  auto db = test::open_store(options);
  {
    auto held = db->read();
    ASSERT_TRUE(held);
    EXPECT_EQ(test::code_of(db->close()), Errc::timeout);
    EXPECT_EQ(test::code_of(db->read()), Errc::cancelled);
  }
  EXPECT_TRUE(db->close());
}

TEST(DatabaseConcurrent, AUnitWaitsWhileSomebodyElseHoldsTheLogsLockForAMoment) {
  auto memory = MemoryVfs::create();
  auto db = test::open_store(threaded(*memory));
  test::must_exec(*db, {"CREATE TABLE t(a INTEGER PRIMARY KEY)"});

  std::atomic<bool> done{false};
  std::jthread other{[&] {
    test::VfsConnection connection{memory->name(), "store.db"};
    while (!done) {
      if (connection.exec("BEGIN IMMEDIATE") == SQLITE_OK) {
        std::this_thread::yield();
        EXPECT_EQ(connection.exec("ROLLBACK"), SQLITE_OK);
      }
      std::this_thread::yield();
    }
  }};
  for (std::int64_t i = 0; i < 300; ++i) {
    auto wrote = db->write([&](Unit& unit) -> Result<void> {
      auto inserted = unit.exec("INSERT INTO t VALUES ($1)", {i});
      return inserted ? Result<void>{} : Result<void>{std::move(inserted).error()};
    });
    EXPECT_TRUE(wrote) << wrote.error().to_string();
  }
  done = true;
}

TEST(DatabaseConcurrent, BackgroundUnitsLeaveTheOthersTwiceTheirTimeAndHaveTheRest) {
  using namespace std::chrono_literals;
  constexpr int units = 300;
  constexpr int slices = 40;
  auto memory = MemoryVfs::create();
  SimulatedClock clock;
  DatabaseOptions options{.file = "store.db", .memory = &*memory};
  options.group_units_max = 1;
  auto db = test::open_store(options, {.clock = &clock});
  test::must_exec(*db, {"CREATE TABLE t(a INTEGER PRIMARY KEY)", "CREATE TABLE u(a INTEGER PRIMARY KEY)"});

  std::atomic<int> done{0};
  std::vector<std::unique_ptr<test::ScriptedUnit>> queued;
  for (int i = 0; i < units; ++i) {
    queued.push_back(std::make_unique<test::ScriptedUnit>([&](Unit& unit) -> Result<void> {
      clock.advance(1ms);
      ++done;
      auto inserted = unit.exec("INSERT INTO t DEFAULT VALUES");
      return inserted ? Result<void>{} : Result<void>{std::move(inserted).error()};
    }));
    ASSERT_TRUE(db->submit(*queued.back()));
  }
  std::vector<int> done_before;
  for (int i = 0; i < slices; ++i) {
    auto wrote = db->write_background([&](Unit& unit) {
      clock.advance(3ms);
      done_before.push_back(done);
      return unit.exec("INSERT INTO u DEFAULT VALUES");
    });
    ASSERT_TRUE(wrote) << wrote.error().to_string();
  }
  ASSERT_EQ(done_before.size(), std::size_t{slices});
  for (std::size_t i = 1; i < done_before.size(); ++i) {
    EXPECT_TRUE(done_before[i] >= done_before[i - 1] + 6 || done_before[i] == units)
        << "slice " << i << " after " << done_before[i] << ", the one before after " << done_before[i - 1];
  }
  ASSERT_TRUE(db->close());
  EXPECT_EQ(done, units);
}

TEST(DatabaseConcurrent, BackgroundUnitsThatWaitWhileItClosesAreDoneOrRefused) {
  auto memory = MemoryVfs::create();
  std::atomic<int> done{0};
  {
    auto db = test::open_store(threaded(*memory));
    test::must_exec(*db, {"CREATE TABLE t(a INTEGER PRIMARY KEY)"});
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (;;) {
          auto wrote = db->write_background([](Unit& unit) { return unit.exec("INSERT INTO t DEFAULT VALUES"); });
          if (!wrote) {
            EXPECT_EQ(wrote.error().code(), Errc::cancelled) << wrote.error().to_string();
            return;
          }
          if (++done == 10) {
            EXPECT_TRUE(db->close());
          }
        }
      });
    }
    threads.clear();
  }
  auto db = test::open_store(threaded(*memory));
  EXPECT_EQ(count(*db), done);
}

}  // namespace
}  // namespace cairn
