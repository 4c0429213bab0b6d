#include <cairn/core/sql/database.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/sql/memory_vfs.hpp>

#include "core/sql/sql_test_store.hpp"

namespace cairn {
namespace {

std::unique_ptr<Database> open_store(MemoryVfs& memory, WriterMode writer = WriterMode::thread) {
  auto opened = Database::open({.file = "store.db", .writer = writer, .memory = &memory});
  EXPECT_TRUE(opened) << opened.error().to_string();
  return opened ? *std::move(opened) : nullptr;
}

TEST(Database, WritesAndReadsBack) {
  auto memory = MemoryVfs::create();
  auto db = open_store(*memory);
  ASSERT_TRUE(db->write([](Unit& unit) { return unit.exec("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)"); }));
  auto changed = db->write([](Unit& unit) { return unit.exec("INSERT INTO t VALUES ($2, $1)", {"one", 1}); });
  ASSERT_TRUE(changed) << changed.error().to_string();
  EXPECT_EQ(*changed, 1);
  auto tx = db->read();
  ASSERT_TRUE(tx);
  auto found = tx->first<std::int64_t, std::string>("SELECT a, b FROM t", {});
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(**found, (std::tuple{std::int64_t{1}, std::string{"one"}}));
}

TEST(Database, ABackgroundUnitComesAfterTheOthersInATransactionOfItsOwn) {
  auto memory = MemoryVfs::create();
  auto db = test::open_store(test::stepped_in(*memory));
  test::must_exec(*db, {"CREATE TABLE t(a TEXT)"});
  const std::uint64_t groups = db->statistics().groups_committed;
  test::ScriptedUnit first{"INSERT INTO t VALUES ('first')"};
  test::ScriptedUnit second{"INSERT INTO t VALUES ('second')"};
  ASSERT_TRUE(db->submit(first));
  ASSERT_TRUE(db->submit(second));
  ASSERT_TRUE(db->write_background([](Unit& unit) { return unit.exec("INSERT INTO t VALUES ('background')"); }));
  EXPECT_EQ(test::rows(*db, "SELECT a FROM t ORDER BY rowid"),
            (std::vector<std::string>{"first", "second", "background"}));
  EXPECT_EQ(db->statistics().groups_committed, groups + 2);
}

TEST(Database, ABackgroundUnitFailsAloneAndWithItsOwnError) {
  auto memory = MemoryVfs::create();
  auto db = test::open_store(test::stepped_in(*memory));
  const auto outcome = db->write_background([](Unit&) -> Result<void> { return Error{Errc::rejected, "no"}; });
  EXPECT_EQ(test::code_of(outcome), Errc::rejected);
  ASSERT_TRUE(db->close());
  EXPECT_EQ(test::code_of(db->write_background([](Unit&) {})), Errc::cancelled);
}

}  // namespace
}  // namespace cairn
