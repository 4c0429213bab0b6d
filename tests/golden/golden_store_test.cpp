#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/simulated_clock.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/snapshots.hpp>

#include "golden/golden_log.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

namespace fs = std::filesystem;

/// A copy in memory of the files that a release left in `directory`.
std::unique_ptr<MemoryVfs> copy_of(const fs::path& directory) {
  auto disk = MemoryVfs::create();
  for (const auto& entry : fs::directory_iterator{directory}) {
    std::ifstream file{entry.path(), std::ios::binary};
    const std::string content{std::istreambuf_iterator<char>{file}, {}};
    disk->replace_file(entry.path().filename().string(), as_bytes(content));
  }
  return disk;
}

std::vector<std::string> releases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator{CAIRN_GOLDEN_DIR}) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

/// Every table's definition and rows, as SQL shows them. Not the file: SQLite writes its own version into that.
std::vector<std::string> rows(Database& database) {
  auto transaction = database.read().value();
  const auto texts = [&](const std::string& sql) {
    std::vector<std::string> found;
    transaction.each(sql, {}, [&](const Row& row) { found.emplace_back(row.get<std::string_view>(0)); }).value();
    return found;
  };
  std::vector<std::string> all = texts("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name");
  for (const std::string& table : texts("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")) {
    const auto row =
        texts("SELECT group_concat('quote(' || name || ')', '||''|''||') FROM pragma_table_info('" + table + "')");
    std::string rows = "SELECT '";
    rows.append(table).append(": ' || ").append(row.at(0)).append(" FROM ").append(table);
    for (std::string& text : texts(rows)) {
      all.push_back(std::move(text));
    }
  }
  return all;
}

class GoldenStore : public testing::TestWithParam<std::string> {
 protected:
  test::MemoryStore store{{}, copy_of(fs::path{CAIRN_GOLDEN_DIR} / GetParam())};
};

TEST_P(GoldenStore, HoldsEveryEventAsItWasWritten) {
  const auto expected = test::GoldenLog{}.recorded(SimulatedClock::default_start);
  EXPECT_EQ(store->head(), GlobalPosition{expected.size()});
  const auto stored = store.dump();
  ASSERT_EQ(stored.size(), expected.size());
  for (std::size_t i = 0; i < stored.size(); ++i) {
    EXPECT_EQ(stored[i], expected[i]) << "at position " << i + 1;
  }
}

TEST_P(GoldenStore, IsFoundGood) {
  const auto report = store->verify().value();
  EXPECT_TRUE(report.good()) << *report.first_bad;
  EXPECT_EQ(report.events, 600U);
}

TEST_P(GoldenStore, AnswersByStreamCategoryTypeAndTag) {
  const auto expected = test::GoldenLog{}.recorded(SimulatedClock::default_start);
  const auto of = [&](auto&& keep) {
    std::vector<OwnedEvent> kept;
    std::ranges::copy_if(expected, std::back_inserter(kept), keep);
    return kept;
  };
  EXPECT_EQ(store->read_stream(StreamId{"account-2"}).collect().value(),
            of([](const OwnedEvent& event) { return event.stream == "account-2"; }));
  EXPECT_EQ(store->read_all({.filter = {.category = "account"}}).collect().value(),
            of([](const OwnedEvent& event) { return event.stream.starts_with("account-"); }));
  EXPECT_EQ(
      store->read_all({.filter = {.query = EventQuery::types({"account.note"}), .system = true}}).collect().value(),
      of([](const OwnedEvent& event) { return event.type == "account.note"; }));
  EXPECT_EQ(store->read_all({.filter = {.query = EventQuery::tags({"owner:ann"}), .system = true}}).collect().value(),
            of([](const OwnedEvent& event) {
              return std::ranges::find(event.metadata.tags, "owner:ann") != event.metadata.tags.end();
            }));
}

TEST_P(GoldenStore, StillHasItsSnapshot) {
  const Snapshots snapshots{*store};
  const auto expected = test::golden_snapshot();
  EXPECT_EQ(snapshots.newest(test::golden_snapshot_stream(), expected.shape).value(), expected);
}

TEST_P(GoldenStore, KnowsWhatItHoldsAndTakesMore) {
  const auto first = test::GoldenLog{}.appends().front();
  EXPECT_TRUE(store->append(first.stream, ExpectedRevision::any(), first.events).value().repeated);
  const auto head = store->stream_head(first.stream).value();
  const auto added =
      store->append(first.stream, ExpectedRevision::exactly(head->value), test::make_event(1'000'000)).value();
  EXPECT_EQ(added.first_position, GlobalPosition{601});
  EXPECT_EQ(added.first_revision, Revision{head->value + 1});
  store.settle();
  store.reopen();
  EXPECT_TRUE(store->verify().value().good());
}

INSTANTIATE_TEST_SUITE_P(Of, GoldenStore, testing::ValuesIn(releases()), [](const auto& release) {
  std::string name = release.param;
  std::ranges::replace(name, '.', '_');
  return name;
});

// So that a changed format does not pass unseen: tables, rows and bytes.
TEST(GoldenStoreOfTheNewestRelease, IsWhatTodaysCodeWrites) {
  test::MemoryStore kept{{}, copy_of(fs::path{CAIRN_GOLDEN_DIR} / releases().back())};
  test::MemoryStore written{{}, test::write_golden_store()};
  EXPECT_EQ(rows(written.database()), rows(kept.database()))
      << "if that is meant, write a new directory with cairn_write_golden_store";
}

}  // namespace
}  // namespace cairn
