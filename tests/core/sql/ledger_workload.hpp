#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "core/sql/sql_test_store.hpp"

namespace cairn::test {

/// What callers were told about numbered units, and the check of a store against it. Each unit writes two rows, in
/// two tables, so that half a unit shows.
class Ledger {
 public:
  void told(std::int64_t number, const Result<void>& outcome) {
    if (outcome) {
      known_[number] = true;
    } else if (outcome.error().code() == Errc::outcome_unknown) {
      known_.erase(number);
    } else {
      known_[number] = false;
    }
  }

  /// Everything acknowledged is there, nothing refused, no half of a unit; of the rest either.
  void check(Database& db) const {
    const auto left = numbers(db, "SELECT number FROM left_half");
    const auto right = numbers(db, "SELECT number FROM right_half");
    ASSERT_TRUE(left && right);
    EXPECT_EQ(*left, *right) << "half a unit";
    for (const auto& [number, acknowledged] : known_) {
      EXPECT_EQ(left->contains(number), acknowledged) << "unit " << number;
    }
  }
  [[nodiscard]] bool knows_any() const { return !known_.empty(); }

 private:
  static std::optional<std::set<std::int64_t>> numbers(Database& db, std::string_view sql) {
    auto tx = db.read();
    EXPECT_TRUE(tx) << tx.error().to_string();
    if (!tx) return std::nullopt;
    std::set<std::int64_t> found;
    auto read = tx->each(sql, {}, [&](const Row& row) { found.insert(row.integer(0)); });
    EXPECT_TRUE(read) << read.error().to_string();
    if (!read) return std::nullopt;
    return found;
  }

  std::map<std::int64_t, bool> known_;
};

/// Small limits, so that a short workload checkpoints in all ways.
inline DatabaseOptions ledger_options(MemoryVfs& memory) {
  DatabaseOptions options = stepped_in(memory);
  options.checkpoint_pages = 12;
  options.wal_bytes_max = std::size_t{40} * 8192;
  return options;
}

inline constexpr Migration ledger_schema[] = {{1, "halves",
                                               "CREATE TABLE left_half(number INTEGER PRIMARY KEY, bulk BLOB NOT NULL);"
                                               "CREATE TABLE right_half(number INTEGER PRIMARY KEY);"}};

inline Result<void> write_both_halves(Unit& unit, std::int64_t number) {
  const Bytes bulk(static_cast<std::size_t>(100 + (number % 5) * 4'000), std::byte{7});
  if (auto left = unit.exec("INSERT INTO left_half VALUES ($1, $2)", {number, bulk}); !left) return left.error();
  if (auto right = unit.exec("INSERT INTO right_half VALUES ($1)", {number}); !right) return right.error();
  return {};
}

/// Runs `groups` groups of one to three units each, every seventh unit refused on purpose, some reads between.
/// After each group `ledger` knows what callers were told; with `recover`, a fenced store is recovered at once.
inline void run_ledger(Database& db, Ledger& ledger, int groups, bool recover) {
  std::int64_t number = 0;
  for (int group = 0; group < groups; ++group) {
    std::vector<std::pair<std::int64_t, std::unique_ptr<ScriptedUnit>>> units;
    for (int i = 0; i <= group % 3; ++i) {
      const std::int64_t mine = ++number;
      units.emplace_back(mine, std::make_unique<ScriptedUnit>([mine](Unit& unit) -> Result<void> {
                           if (auto done = write_both_halves(unit, mine); !done) return done;
                           if (mine % 7 == 0) return Error{Errc::rejected, "every seventh"};
                           return {};
                         }));
    }
    for (auto& [mine, unit] : units) {
      if (auto queued = db.submit(*unit); !queued) {
        ledger.told(mine, queued);
      }
    }
    auto stepped = db.step(units.size());
    ASSERT_TRUE(stepped) << stepped.error().to_string();
    for (auto& [mine, unit] : units) {
      if (unit->outcome) ledger.told(mine, *unit->outcome);
    }
    if (group % 4 == 3) {
      if (auto tx = db.read()) (void)tx->first<std::int64_t>("SELECT count(*) FROM left_half", {});
    }
    if (recover && db.fenced()) (void)db.recover();
  }
}

}  // namespace cairn::test
