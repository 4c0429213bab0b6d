#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "support/code_of.hpp"

namespace cairn::test {

/// The options of most tests: one thread does everything, in memory.
inline DatabaseOptions stepped_in(MemoryVfs& memory) {
  return {.file = "store.db", .writer = WriterMode::stepped, .memory = &memory};
}

/// Opens or ends the test.
inline std::unique_ptr<Database> open_store(DatabaseOptions options, DatabaseParts parts = {}) {
  auto opened = Database::open(std::move(options), parts);
  EXPECT_TRUE(opened) << opened.error().to_string();
  return *std::move(opened);
}

/// Runs statements, each in a unit of its own, that must succeed.
inline void must_exec(Database& db, std::initializer_list<std::string_view> statements) {
  for (const std::string_view sql : statements) {
    auto done = db.write([&](Unit& unit) { return unit.exec(sql); });
    ASSERT_TRUE(done) << done.error().to_string();
  }
}

/// The first column of all rows, as text, in the query's order; "error: ..." when reading fails.
inline std::vector<std::string> rows(Database& db, std::string_view sql) {
  auto tx = db.read();
  if (!tx) return {"error: " + tx.error().to_string()};
  std::vector<std::string> found;
  auto read = tx->each(sql, {}, [&](const Row& row) { found.push_back(row.get<std::string>(0)); });
  if (!read) return {"error: " + read.error().to_string()};
  return found;
}

/// A unit that a test queues by hand, to choose what forms a group.
class ScriptedUnit final : public QueuedUnit {
 public:
  using Script = std::function<Result<void>(Unit&)>;
  explicit ScriptedUnit(Script script) : script_{std::move(script)} {}
  ScriptedUnit(std::string_view sql)
      : script_{[text = std::string{sql}](Unit& unit) -> Result<void> {
          auto done = unit.exec(text);
          if (!done) return done.error();
          return {};
        }} {}

  Result<void> run(Unit& unit) override {
    ++runs;
    return script_(unit);
  }
  void finished(Result<void> result) override {
    EXPECT_FALSE(outcome.has_value()) << "a unit is finished once";
    outcome = std::move(result);
    if (on_finished) on_finished();
  }
  [[nodiscard]] std::size_t size_bytes() const override { return bytes; }

  std::size_t bytes = 100;
  int runs = 0;
  std::optional<Result<void>> outcome;
  std::function<void()> on_finished;

 private:
  Script script_;
};

}  // namespace cairn::test
