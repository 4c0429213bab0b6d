#include <cairn/core/sql/unit.hpp>

#include <memory>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "core/sql/sql_test_store.hpp"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class UnitTest : public testing::Test {
 protected:
  void SetUp() override { test::must_exec(*db, {"CREATE TABLE t(a INTEGER PRIMARY KEY, b CHECK (b > 0))"}); }
  std::vector<std::string> rows() { return test::rows(*db, "SELECT a FROM t ORDER BY a"); }

  std::unique_ptr<MemoryVfs> memory = MemoryVfs::create();
  std::unique_ptr<Database> db = test::open_store(test::stepped_in(*memory));
};

Result<void> insert(Unit& unit, int key) {
  auto done = unit.exec("INSERT INTO t VALUES ($1, 1)", {key});
  if (!done) return done.error();
  return {};
}

TEST_F(UnitTest, SeesItsOwnWritesAndThoseOfItsGroup) {
  test::ScriptedUnit first{[](Unit& unit) { return insert(unit, 1); }};
  test::ScriptedUnit second{[](Unit& unit) -> Result<void> {
    if (auto done = insert(unit, 2); !done) return done;
    EXPECT_EQ(unit.first<int>("SELECT count(*) FROM t", {}).value(), 2);
    return {};
  }};
  ASSERT_TRUE(db->submit(first));
  ASSERT_TRUE(db->submit(second));
  EXPECT_THAT(rows(), IsEmpty()) << "others see nothing before the commit";
  ASSERT_TRUE(db->step(2));
  EXPECT_THAT(rows(), ElementsAre("1", "2"));
}

TEST_F(UnitTest, NestedUndoesItselfAndTheUnitGoesOn) {
  auto outcome = db->write([](Unit& unit) -> Result<void> {
    if (auto done = insert(unit, 1); !done) return done;
    auto refused = unit.nested([&]() -> Result<void> {
      if (auto done = insert(unit, 2); !done) return done;
      return Error{Errc::rejected, "no"};
    });
    EXPECT_EQ(test::code_of(refused), Errc::rejected);
    auto threw = unit.nested([&]() -> int {
      (void)insert(unit, 3);
      throw std::runtime_error{"no"};
    });
    EXPECT_EQ(test::code_of(threw), Errc::handler_failed);
    auto kept = unit.nested([&] {
      (void)insert(unit, 4);
      return 44;
    });
    EXPECT_EQ(kept.value(), 44);
    return insert(unit, 5);
  });
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_THAT(rows(), ElementsAre("1", "4", "5"));
}

TEST_F(UnitTest, NestedThirtyDeepUndoesFromAnyDepth) {
  struct Deep {
    static Result<void> go(Unit& unit, int depth) {
      if (auto done = insert(unit, depth); !done) return done;
      if (depth == 30) return Error{Errc::rejected, "bottom"};
      auto deeper = unit.nested([&] { return go(unit, depth + 1); });
      if (depth <= 20) return {};  // catches it here
      return deeper;
    }
  };
  ASSERT_TRUE(db->write([](Unit& unit) { return Deep::go(unit, 1); }));
  EXPECT_EQ(rows().size(), 20U);
}

TEST_F(UnitTest, ConstraintsHaveTheirCodes) {
  ASSERT_TRUE(db->write([](Unit& unit) { return insert(unit, 1); }));
  EXPECT_EQ(test::code_of(db->write([](Unit& unit) { return insert(unit, 1); })), Errc::already_exists);
  auto checked = db->write([](Unit& unit) { return unit.exec("INSERT INTO t VALUES (2, 0)"); });
  ASSERT_EQ(test::code_of(checked), Errc::invalid);
  EXPECT_THAT(checked.error().message(), HasSubstr("CHECK constraint failed"));
}

TEST_F(UnitTest, BlockingCallFromInsideIsAnErrorThatNamesTheCall) {
  const auto named = [](const auto& result, const char* call) {
    EXPECT_EQ(test::code_of(result), Errc::invalid);
    EXPECT_THAT(result.error().message(), HasSubstr(call));
  };
  auto outcome = db->write([&](Unit&) {
    test::ScriptedUnit other{"INSERT INTO t VALUES (1, 1)"};
    named(db->write([](Unit& unit) { return insert(unit, 1); }), "Database::write");
    named(db->submit(other), "Database::submit");
    named(db->read(), "Database::read");
    named(db->recover(), "Database::recover");
    named(db->close(), "Database::close");
    named(db->step(1), "Database::step");
  });
  EXPECT_TRUE(outcome);
  EXPECT_THAT(rows(), IsEmpty());
}

TEST_F(UnitTest, BlockingCallFromACompletionIsAnErrorButQueueingIsNot) {
  test::ScriptedUnit second{[](Unit& unit) { return insert(unit, 2); }};
  test::ScriptedUnit first{[](Unit& unit) { return insert(unit, 1); }};
  first.on_finished = [&] {
    auto wrote = db->write([](Unit& unit) { return insert(unit, 3); });
    ASSERT_EQ(test::code_of(wrote), Errc::invalid);
    EXPECT_THAT(wrote.error().message(), HasSubstr("completion"));
    EXPECT_TRUE(db->submit(second));
  };
  ASSERT_TRUE(db->submit(first));
  ASSERT_TRUE(db->step(1));
  ASSERT_TRUE(db->step(1));
  EXPECT_THAT(rows(), ElementsAre("1", "2"));
}

TEST_F(UnitTest, ValueOfTheFunctionIsReturned) {
  EXPECT_EQ(db->write([](Unit&) { return std::make_unique<int>(7); }).value() != nullptr, true);
  EXPECT_EQ(db->write([](Unit&) -> Result<std::string> { return std::string{"x"}; }).value(), "x");
}

}  // namespace
}  // namespace cairn
