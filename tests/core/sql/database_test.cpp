#include <cairn/core/sql/database.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/sql/memory_vfs.hpp>

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

}  // namespace
}  // namespace cairn
