#include "sql/checksum_vfs.hpp"

#include <string>

#include <gtest/gtest.h>

#include <cairn/core/sql/memory_vfs.hpp>

#include "core/sql/vfs_connection.hpp"

namespace cairn {
namespace {

using test::make_store;
using test::VfsConnection;

class ChecksumVfsTest : public testing::Test {
 protected:
  /// A store of a few dozen pages, checkpointed and closed.
  void SetUp() override {
    VfsConnection db{checksum_->name(), "store.db"};
    ASSERT_EQ(make_store(db), SQLITE_OK);
    ASSERT_EQ(db.exec("CREATE TABLE small(id INTEGER PRIMARY KEY, x TEXT); CREATE INDEX by_x ON small(x);"
                      "CREATE TABLE large(id INTEGER PRIMARY KEY, x BLOB);"
                      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)"
                      "INSERT INTO small SELECT i, 'row ' || i FROM n;"
                      "INSERT INTO large VALUES(1, zeroblob(70000)), (2, CAST(printf('%.50000c', 'x') AS BLOB));"
                      "DELETE FROM large WHERE id = 1"),
              SQLITE_OK);
  }

  static constexpr const char* everything =
      "SELECT sum(id), group_concat(x) FROM small; SELECT count(*) FROM small WHERE x > 'row 3';"
      "SELECT id, hex(x) FROM large; PRAGMA integrity_check";

  std::unique_ptr<MemoryVfs> memory_ = MemoryVfs::create();
  std::unique_ptr<ChecksumVfs> checksum_ = ChecksumVfs::create(memory_->name().c_str());
};

TEST_F(ChecksumVfsTest, StoreReadsBackThroughIt) {
  VfsConnection db{checksum_->name(), "store.db"};
  EXPECT_TRUE(db.rows(everything).ends_with("\nok\n"));
  EXPECT_FALSE(ChecksumVfs::last_bad_page(db.get()));
}

}  // namespace
}  // namespace cairn
