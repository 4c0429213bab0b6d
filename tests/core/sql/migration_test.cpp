#include <cairn/core/sql/migration.hpp>

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "core/sql/sql_test_store.hpp"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Migration first{1, "tables", "-- what it is\nCREATE TABLE a(x);\nCREATE TABLE b(x);\n"};
constexpr Migration second{2, "row", "INSERT INTO a VALUES (1);"};
constexpr Migration third{3, "index", "CREATE INDEX a_x ON a(x)"};

class MigrationTest : public testing::Test {
 protected:
  template <class... Ms>
  Result<void> migrate(Ms... migrations) {
    const Migration list[] = {migrations...};
    return db->migrate("part", list);
  }
  std::vector<std::string> applied() {
    return test::rows(*db, "SELECT component || ' ' || number || ' ' || name FROM schema_migration ORDER BY number");
  }

  std::unique_ptr<MemoryVfs> memory = MemoryVfs::create();
  std::unique_ptr<Database> db = test::open_store(test::stepped_in(*memory));
};

TEST_F(MigrationTest, AppliesEachNumberOnceAndInOrder) {
  ASSERT_TRUE(migrate(first));
  ASSERT_TRUE(migrate(first, second, third));
  ASSERT_TRUE(migrate(first, second, third));
  EXPECT_THAT(applied(), ElementsAre("part 1 tables", "part 2 row", "part 3 index"));
  EXPECT_THAT(test::rows(*db, "SELECT count(*) FROM a"), ElementsAre("1"));
}

TEST_F(MigrationTest, ComponentsHaveNumbersOfTheirOwn) {
  ASSERT_TRUE(migrate(first));
  const Migration other[] = {{1, "theirs", "CREATE TABLE theirs(x)"}};
  ASSERT_TRUE(db->migrate("other", other));
  EXPECT_THAT(applied(), ElementsAre("other 1 theirs", "part 1 tables"));
}

TEST_F(MigrationTest, NewerFileIsInvalidAndBothNumbersAreNamed) {
  ASSERT_TRUE(migrate(first, second, third));
  auto old = migrate(first, second);
  ASSERT_EQ(test::code_of(old), Errc::invalid);
  EXPECT_THAT(old.error().message(), HasSubstr("number 3"));
  EXPECT_THAT(old.error().message(), HasSubstr("than 2"));
}

TEST_F(MigrationTest, ChangedTextIsInvalid) {
  ASSERT_TRUE(migrate(first));
  auto changed = migrate(Migration{1, "tables", "CREATE TABLE a(x, y)"});
  ASSERT_EQ(test::code_of(changed), Errc::invalid);
  EXPECT_THAT(changed.error().message(), HasSubstr("another text"));
}

TEST_F(MigrationTest, GapInTheNumbersIsInvalid) { EXPECT_EQ(test::code_of(migrate(first, third)), Errc::invalid); }

TEST_F(MigrationTest, FailedStepLeavesNothingOfItselfAndKeepsThoseBefore) {
  auto failed = migrate(first, Migration{2, "broken", "INSERT INTO a VALUES (2); INSERT INTO nowhere VALUES (1)"});
  ASSERT_EQ(test::code_of(failed), Errc::invalid);
  EXPECT_THAT(failed.error().message(), HasSubstr("number 2 (broken)"));
  EXPECT_THAT(applied(), ElementsAre("part 1 tables"));
  EXPECT_THAT(test::rows(*db, "SELECT count(*) FROM a"), ElementsAre("0"));
}

TEST_F(MigrationTest, TextCannotCommitByItself) {
  auto failed = migrate(Migration{1, "sneaky", "CREATE TABLE a(x); COMMIT; CREATE TABLE b(x)"});
  EXPECT_EQ(test::code_of(failed), Errc::invalid);
  EXPECT_THAT(test::rows(*db, "SELECT name FROM sqlite_schema WHERE name = 'a'"), ElementsAre());
}

}  // namespace
}  // namespace cairn
