#include <cairn/core/sql/sql_reader.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "core/sql/sql_test_store.hpp"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

static_assert(!std::is_constructible_v<SqlValue, bool>, "0 or 1 says what is meant; true does not");

class SqlReaderTest : public testing::Test {
 protected:
  void SetUp() override { test::must_exec(*db, {"CREATE TABLE t(a INTEGER PRIMARY KEY, b)", "CREATE TABLE u(a)"}); }

  template <class F>
  auto write(F&& f) {
    return db->write(std::forward<F>(f));
  }
  ReadTx read() { return std::move(db->read()).value(); }

  std::unique_ptr<MemoryVfs> memory = MemoryVfs::create();
  std::unique_ptr<Database> db = test::open_store(test::stepped_in(*memory));
};

TEST_F(SqlReaderTest, EveryKindOfValueComesBackAsItWent) {
  const std::string text{"gr\xc3\xbc\xc3\x9f\0e", 8};
  const Bytes blob{std::byte{0}, std::byte{255}};
  ASSERT_TRUE(write([&](Unit& unit) -> Result<void> {
    const std::initializer_list<SqlValue> values{std::numeric_limits<std::int64_t>::min(),
                                                 2.5,
                                                 text,
                                                 blob,
                                                 std::nullopt,
                                                 std::optional<int>{},
                                                 std::optional<int>{7},
                                                 std::string_view{},
                                                 BytesView{}};
    int key = 0;
    for (const SqlValue& value : values) {
      if (auto done = unit.exec("INSERT INTO t VALUES ($1, $2)", {++key, value}); !done) return done.error();
    }
    return {};
  }));
  EXPECT_THAT(test::rows(*db, "SELECT typeof(b) FROM t ORDER BY a"),
              ElementsAre("integer", "real", "text", "blob", "null", "null", "integer", "text", "blob"));
  ReadTx tx = read();
  const auto get = [&]<class T>(std::type_identity<T>, int key) {
    return **tx.first<T>("SELECT b FROM t WHERE a = $1", {key});
  };
  EXPECT_EQ(get(std::type_identity<std::int64_t>{}, 1), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(get(std::type_identity<double>{}, 2), 2.5);
  EXPECT_EQ(get(std::type_identity<std::string>{}, 3), text);
  EXPECT_EQ(get(std::type_identity<Bytes>{}, 4), blob);
  EXPECT_EQ(get(std::type_identity<std::optional<std::string>>{}, 5), std::nullopt);
  EXPECT_EQ(get(std::type_identity<std::optional<std::int64_t>>{}, 7), 7);
  EXPECT_EQ(get(std::type_identity<std::string>{}, 5), "") << "NULL is empty unless asked for as optional";
}

TEST_F(SqlReaderTest, BindsByNumberWhateverTheOrderAndRepetition) {
  ReadTx tx = read();
  auto found = tx.first<std::string>("SELECT $2 || $1 || $2 || $3", {"a", "b", "c"});
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(**found, "babc");
}

TEST_F(SqlReaderTest, FirstGivesNothingWithoutARowAndATupleForSeveralTypes) {
  ReadTx tx = read();
  EXPECT_EQ(tx.first<int>("SELECT a FROM t", {}).value(), std::nullopt);
  const auto several = tx.first<int, std::string, double>("SELECT 1, 'two', 3.0", {}).value();
  EXPECT_EQ(several, (std::tuple{1, std::string{"two"}, 3.0}));
}

TEST_F(SqlReaderTest, EachStopsWhenToldTo) {
  ReadTx tx = read();
  int rows = 0;
  ASSERT_TRUE(tx.each("VALUES (1), (2), (3)", {}, [&](const Row&) { return ++rows < 2; }));
  EXPECT_EQ(rows, 2);
}

TEST_F(SqlReaderTest, StatementIsFreeAgainAfterARowHandlerThrew) {
  auto outcome = write([](Unit& unit) -> Result<int> {
    (void)call_user("rows", [&] {
      (void)unit.each("SELECT 1 UNION SELECT 2", {}, [](const Row&) -> void { throw std::runtime_error{"stop"}; });
    });
    int rows = 0;
    auto again = unit.each("SELECT 1 UNION SELECT 2", {}, [&](const Row&) { ++rows; });
    if (!again) return again.error();
    return rows;
  });
  EXPECT_EQ(outcome.value(), 2);
}

TEST_F(SqlReaderTest, QueriesMayNestUnlessTheyAreTheSame) {
  ReadTx tx = read();
  std::optional<Errc> same;
  std::optional<Errc> other;
  ASSERT_TRUE(tx.each("SELECT 1", {}, [&](const Row&) {
    same = test::code_of(tx.each("SELECT 1", {}, [](const Row&) {}));
    other = test::code_of(tx.each("SELECT 2", {}, [](const Row&) {}));
  }));
  EXPECT_EQ(same, Errc::invalid);
  EXPECT_EQ(other, std::nullopt);
}

struct BadSql {
  const char* sql;
  std::size_t arguments;
  const char* says;
};

TEST_F(SqlReaderTest, WrongSqlIsInvalidAndSaysWhy) {
  const BadSql cases[] = {
      {"SELEC 1", 0, "syntax error"},
      {"SELECT a FROM nowhere", 0, "no such table: nowhere"},
      {"", 0, "no statement"},
      {"-- only a comment", 0, "no statement"},
      {"SELECT 1; SELECT 2", 0, "more than one statement"},
      {"SELECT $1", 0, "0 arguments for 1 placeholders"},
      {"SELECT 1", 1, "1 arguments for 0 placeholders"},
      {"SELECT ?", 1, "placeholder ?"},
      {"SELECT :name", 1, "placeholder :name"},
      {"SELECT $2", 1, "placeholder $2"},
      {"SELECT $1, $01", 2, "placeholder $01"},
      {"SELECT $x", 1, "placeholder $x"},
      {"SELECT \"text\"", 0, "no such column"},
  };
  ReadTx tx = read();
  for (const BadSql& bad : cases) {
    SCOPED_TRACE(bad.sql);
    auto result = bad.arguments == 0   ? tx.each(bad.sql, {}, [](const Row&) {})
                  : bad.arguments == 1 ? tx.each(bad.sql, {1}, [](const Row&) {})
                                       : tx.each(bad.sql, {1, 2}, [](const Row&) {});
    ASSERT_EQ(test::code_of(result), Errc::invalid);
    EXPECT_THAT(result.error().message(), HasSubstr(bad.says));
  }
}

TEST_F(SqlReaderTest, UserSqlCannotEndTheTransactionOrReachElsewhere) {
  for (const std::string_view sql :
       {"COMMIT", "ROLLBACK", "BEGIN", "SAVEPOINT unit", "RELEASE unit", "ROLLBACK TO unit", "ATTACH ':memory:' AS x",
        "DETACH main", "PRAGMA journal_mode=DELETE", "PRAGMA synchronous=OFF", "PRAGMA wal_checkpoint", "VACUUM",
        "PRAGMA writable_schema=ON", "PRAGMA user_version=2", "PRAGMA application_id=2"}) {
    SCOPED_TRACE(sql);
    EXPECT_EQ(test::code_of(write([&](Unit& unit) { return unit.exec(sql); })), Errc::invalid);
  }
  EXPECT_EQ(test::code_of(write([](Unit& unit) { return unit.exec("PRAGMA incremental_vacuum(1)"); })), std::nullopt);
  EXPECT_THAT(test::rows(*db, "SELECT synchronous FROM pragma_synchronous"), ElementsAre(HasSubstr("error")));
  EXPECT_THAT(test::rows(*db, "PRAGMA user_version"), ElementsAre("1"));
}

TEST_F(SqlReaderTest, ReadTransactionCannotWrite) {
  ReadTx tx = read();
  EXPECT_EQ(test::code_of(tx.each("INSERT INTO u VALUES (1) RETURNING a", {}, [](const Row&) {})), Errc::invalid);
}

TEST_F(SqlReaderTest, ReadTransactionIsOneViewFromItsFirstQuery) {
  ReadTx tx = read();
  EXPECT_EQ(tx.first<int>("SELECT count(*) FROM u", {}).value(), 0);
  test::must_exec(*db, {"INSERT INTO u VALUES (1)"});
  EXPECT_EQ(tx.first<int>("SELECT count(*) FROM u", {}).value(), 0);
  ReadTx later = read();
  EXPECT_EQ(later.first<int>("SELECT count(*) FROM u", {}).value(), 1);
}

TEST_F(SqlReaderTest, StatementsSurviveASchemaChange) {
  const auto columns = [&] {
    return read().first<std::string>("SELECT group_concat(name) FROM pragma_table_info('u')", {});
  };
  EXPECT_EQ(columns().value(), "a");
  test::must_exec(*db, {"ALTER TABLE u ADD COLUMN b"});
  EXPECT_EQ(columns().value(), "a,b");
}

TEST_F(SqlReaderTest, ExecGivesTheRowsItChanged) {
  const auto changed = [&](std::string_view sql) { return write([&](Unit& unit) { return unit.exec(sql); }).value(); };
  EXPECT_EQ(changed("INSERT INTO u VALUES (1), (2), (3)"), 3);
  EXPECT_EQ(changed("CREATE TABLE v(a)"), 0) << "not the number of the statement before";
  EXPECT_EQ(changed("UPDATE u SET a = a + 1 WHERE a > 1"), 2);
  EXPECT_EQ(changed("DELETE FROM u WHERE a = 99"), 0);
  EXPECT_EQ(changed("SELECT 1"), 0);
}

TEST_F(SqlReaderTest, ManyDifferentStatementsDoNotPileUp) {
  ASSERT_TRUE(write([](Unit& unit) -> Result<void> {
    for (int i = 0; i < 2'000; ++i) {
      const std::string sql = "INSERT INTO u VALUES (" + std::to_string(i) + ")";
      if (auto done = unit.exec(sql); !done) return done.error();
    }
    return {};
  }));
  EXPECT_THAT(test::rows(*db, "SELECT count(*) FROM u"), ElementsAre("2000"));
}

TEST_F(SqlReaderTest, SameAddressWithAnotherTextIsAnotherStatement) {
  ReadTx tx = read();
  std::string sql = "SELECT 1";
  EXPECT_EQ(tx.first<int>(sql, {}).value(), 1);
  sql.back() = '2';
  EXPECT_EQ(tx.first<int>(sql, {}).value(), 2);
}

class BlobTest : public SqlReaderTest {
 protected:
  void SetUp() override {
    SqlReaderTest::SetUp();
    for (int row = 1; row <= 2; ++row) {
      Bytes bytes(100'000);
      for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>(i * static_cast<std::size_t>(row));
      ASSERT_TRUE(write([&](Unit& unit) { return unit.exec("INSERT INTO t VALUES ($1, $2)", {row, bytes}); }));
    }
  }
};

TEST_F(BlobTest, AnyRangeOfAnyRow) {
  ReadTx tx = read();
  for (int round = 0; round < 2; ++round) {
    for (std::int64_t row = 1; row <= 2; ++row) {
      EXPECT_EQ(tx.blob_size("t", "b", row).value(), 100'000U);
      std::array<std::byte, 1000> out{};
      ASSERT_TRUE(tx.read_blob("t", "b", row, 90'001, out));
      for (std::size_t i = 0; i < out.size(); ++i) {
        ASSERT_EQ(out[i], static_cast<std::byte>((90'001 + i) * static_cast<std::size_t>(row)));
      }
    }
  }
}

TEST_F(BlobTest, MissingRowAndWrongRangeHaveTheirErrors) {
  ReadTx tx = read();
  std::array<std::byte, 10> out{};
  EXPECT_EQ(test::code_of(tx.read_blob("t", "b", 3, 0, out)), Errc::not_found);
  EXPECT_EQ(test::code_of(tx.read_blob("t", "b", 1, 99'991, out)), Errc::invalid);
  EXPECT_EQ(test::code_of(tx.read_blob("t", "b", 1, ~std::size_t{0}, out)), Errc::invalid);
  EXPECT_EQ(test::code_of(tx.read_blob("t", "nothing", 1, 0, out)), Errc::invalid);
  EXPECT_EQ(test::code_of(tx.blob_size("nowhere", "b", 1)), Errc::invalid);
  EXPECT_EQ(test::code_of(tx.blob_size("t", "b", 3)), Errc::not_found);
  EXPECT_EQ(test::code_of(tx.read_blob("t", "b", 1, 99'990, out)), std::nullopt) << "and reading goes on";
}

TEST_F(BlobTest, UnitSeesWhatItWrote) {
  ASSERT_TRUE(write([](Unit& unit) -> Result<void> {
    std::array<std::byte, 3> out{};
    EXPECT_TRUE(unit.read_blob("t", "b", 1, 0, out));
    EXPECT_TRUE(unit.exec("UPDATE t SET b = x'070809' WHERE a = 1", {}));
    EXPECT_EQ(unit.blob_size("t", "b", 1).value(), 3U);
    EXPECT_TRUE(unit.read_blob("t", "b", 1, 0, out));
    EXPECT_EQ(out[0], std::byte{7});
    EXPECT_TRUE(unit.exec("DELETE FROM t WHERE a = 1", {}));
    EXPECT_EQ(test::code_of(unit.read_blob("t", "b", 1, 0, out)), Errc::not_found);
    (void)unit.nested([&]() -> Result<void> {
      EXPECT_TRUE(unit.exec("DELETE FROM t WHERE a = 2", {}));
      EXPECT_EQ(test::code_of(unit.blob_size("t", "b", 2)), Errc::not_found);
      return Error{Errc::rejected, "undo"};
    });
    EXPECT_EQ(unit.blob_size("t", "b", 2).value(), 100'000U);
    return {};
  }));
}

TEST_F(BlobTest, OpenBlobDoesNotHoldTheTransactionOpen) {
  {
    ReadTx tx = read();
    EXPECT_TRUE(tx.blob_size("t", "b", 1));
  }
  test::must_exec(*db, {"INSERT INTO u VALUES (1)"});
  EXPECT_THAT(test::rows(*db, "SELECT count(*) FROM u"), ElementsAre("1")) << "the next read has a new view";
}

TEST_F(SqlReaderTest, AMovedReadTransactionEndsOnce) {
  DatabaseOptions options = test::stepped_in(*memory);
  db.reset();
  options.readers = 1;
  db = test::open_store(options);
  {
    ReadTx first = read();
    ReadTx second = std::move(first);
    EXPECT_EQ(second.first<int>("SELECT 1", {}).value(), 1);
    EXPECT_EQ(test::code_of(db->read()), Errc::timeout);
  }
  EXPECT_EQ(test::code_of(db->read()), std::nullopt);
}

}  // namespace
}  // namespace cairn
