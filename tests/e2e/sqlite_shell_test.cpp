// The stock sqlite3 shell with the extension loaded, on stores that are files.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/eventstore/event_store.hpp>

#include "e2e/program_run.hpp"
#include "support/memory_store.hpp"
#include "support/scratch_folder.hpp"

namespace cairn::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A store in a file, as a service holds it.
class OpenStore {
 public:
  explicit OpenStore(const fs::path& file)
      : database_{Database::open({.file = file}).value()}, store_{EventStore::open(*database_).value()} {}

  void append(std::uint64_t first, std::size_t count) {
    const auto done = store_->append(StreamId{"account-1"}, ExpectedRevision::any(), make_events(first, count));
    ASSERT_TRUE(done) << done.error().to_string();
  }
  EventStore* operator->() { return store_.get(); }

 private:
  std::unique_ptr<Database> database_;
  std::unique_ptr<EventStore> store_;
};

/// What an operator types in `folder`, one argument a line, after the extension was loaded.
ProgramRun shell(const fs::path& folder, std::vector<std::string> options, const std::string& sql) {
  options.emplace_back(".load " CAIRN_SQLITE_EXTENSION_NAME);
  options.push_back(sql);
  return run_program(CAIRN_SQLITE_SHELL, std::move(options), folder);
}

TEST(SqliteShell, QueriesAStoreThatIsClosedAndLeavesItAsItWas) {
  const ScratchFolder folder;
  OpenStore{folder / "store.db"}.append(1, 300);
  const ProgramRun run = shell(folder.path(), {"-readonly", "store.db"},
                               "SELECT type, count(*), max(revision) FROM cairn_events GROUP BY type");
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.out, "account.deposited|300|299\n");
  EXPECT_EQ(run.exit_code, 0);
  OpenStore again{folder / "store.db"};
  EXPECT_EQ(again->head().value, 300U);
  again.append(301, 10);
  EXPECT_TRUE(again->verify().value().good());
}

TEST(SqliteShell, QueriesAStoreInUseByUri) {
  const ScratchFolder folder;
  OpenStore store{folder / "store.db"};
  store.append(1, 300);
  const std::string sql = "SELECT count(*) FROM cairn_events WHERE stream = 'account-1' AND revision >= 290";
  EXPECT_EQ(shell(folder.path(), {"file:store.db?mode=ro"}, sql).out, "10\n");
  store.append(301, 10);
  EXPECT_EQ(shell(folder.path(), {"file:store.db?mode=ro"}, sql).out, "20\n");
  EXPECT_TRUE(store->verify().value().good());
}

TEST(SqliteShell, QueriesABackup) {
  const ScratchFolder folder;
  OpenStore store{folder / "store.db"};
  store.append(1, 300);
  ASSERT_TRUE(store->backup(folder / "copy.db"));
  EXPECT_EQ(shell(folder.path(), {"-readonly", "copy.db"}, "SELECT count(*) FROM cairn_events").out, "300\n");
}

TEST(SqliteShell, IsToldThatAnotherDatabaseIsNoStore) {
  const ScratchFolder folder;
  const ProgramRun run = shell(folder.path(), {"other.db"}, "SELECT count(*) FROM cairn_events");
  EXPECT_THAT(run.err, HasSubstr("cairn_events: the main database is not a Cairn store"));
  EXPECT_NE(run.exit_code, 0);
}

}  // namespace
}  // namespace cairn::test
