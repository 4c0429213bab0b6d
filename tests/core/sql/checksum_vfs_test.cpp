#include "sql/checksum_vfs.hpp"
#include "sql/bad_page.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/crc32c.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "core/sql/vfs_connection.hpp"
#include "support/seed.hpp"

namespace cairn {
namespace {

using test::make_store;
using test::VfsConnection;

constexpr std::size_t page = ChecksumVfs::page_bytes;

/// Queries that together read every page that holds something, by table and by index.
const std::vector<std::string> queries = {
    "SELECT sum(id), group_concat(x) FROM small",
    "SELECT count(*), min(x), max(x) FROM small WHERE x > 'row 3'",
    "SELECT id, hex(x) FROM large ORDER BY id",
    "SELECT name, sql FROM sqlite_schema",
    "PRAGMA integrity_check",
};

void fill(VfsConnection& db) {
  ASSERT_EQ(make_store(db), SQLITE_OK);
  ASSERT_EQ(db.exec("CREATE TABLE small(id INTEGER PRIMARY KEY, x TEXT); CREATE INDEX by_x ON small(x);"
                    "CREATE TABLE large(id INTEGER PRIMARY KEY, x BLOB);"
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)"
                    "INSERT INTO small SELECT i, 'row ' || i FROM n;"
                    "INSERT INTO large VALUES(1, zeroblob(20000)), (2, CAST(printf('%.20000c', 'x') AS BLOB)),"
                    "                        (3, zeroblob(20000));"
                    "DELETE FROM large WHERE id = 1"),
            SQLITE_OK);
}

void flip(Bytes& file, std::size_t bit) { file[bit / 8] ^= std::byte(1U << (bit % 8)); }

class ChecksumVfsTest : public testing::Test {
 protected:
  /// A store with every kind of page, checkpointed and closed.
  void SetUp() override {
    VfsConnection db{checksums->name(), "store.db"};
    fill(db);
    for (const std::string& query : queries) answers.push_back(db.rows(query));
    ASSERT_EQ(answers.back(), "ok\n");
    db.close();
    sound = memory->read_file("store.db").value();
    ASSERT_EQ(sound.size() % page, 0U);
  }

  /// Opens the store with these bytes and asks everything. Empty when each query failed or was answered as before.
  std::string ask(const Bytes& content) {
    memory->replace_file("store.db", content);
    VfsConnection db{checksums->name(), "store.db"};
    std::string wrong;
    errors = 0;
    for (std::size_t i = 0; i < queries.size(); ++i) {
      const auto [code, rows] = db.query(queries[i]);
      const bool reported = code != SQLITE_OK || (i + 1 == queries.size() && rows != "ok\n");
      if (reported) ++errors;
      if (!reported && rows != answers[i]) wrong += queries[i] + "\n";
    }
    return wrong;
  }

  /// The page behind the error that reading all of `table` meets in a store with these bytes.
  std::optional<BadPage> bad_page(const Bytes& content) {
    memory->replace_file("store.db", content);
    VfsConnection db{checksums->name(), "store.db"};
    EXPECT_EQ(db.exec("SELECT sum(length(hex(x))) FROM small; SELECT sum(length(hex(x))) FROM large"),
              SQLITE_IOERR_DATA);
    return last_bad_page(db.get());
  }

  [[nodiscard]] std::size_t pages() const { return sound.size() / page; }
  /// The last page that holds something; it belongs to `small` or `large`.
  [[nodiscard]] std::uint32_t last_page() const {
    std::size_t last = pages();
    while (std::all_of(begin_of(last), begin_of(last) + page - 8, [](std::byte b) { return b == std::byte{0}; }))
      --last;
    return static_cast<std::uint32_t>(last);
  }
  [[nodiscard]] Bytes::const_iterator begin_of(std::size_t number) const {
    return sound.begin() + static_cast<std::ptrdiff_t>((number - 1) * page);
  }

  std::unique_ptr<MemoryVfs> memory = MemoryVfs::create();
  std::unique_ptr<ChecksumVfs> checksums = ChecksumVfs::create(memory->name().c_str());
  std::vector<std::string> answers;
  Bytes sound;
  std::size_t errors = 0;
};

TEST_F(ChecksumVfsTest, SoundStoreReadsBack) {
  EXPECT_EQ(ask(sound), "");
  EXPECT_EQ(errors, 0U);
}

TEST_F(ChecksumVfsTest, EveryPageEndsWithItsChecksum) {
  for (std::size_t number = 1; number <= pages(); ++number) {
    const BytesView bytes = BytesView{sound}.subspan((number - 1) * page, page);
    const std::uint32_t crc = crc32c(bytes.first(page - 8), static_cast<std::uint32_t>(number));
    const std::vector<std::byte> expected = {std::byte(crc & 0xFFU),
                                             std::byte((crc >> 8U) & 0xFFU),
                                             std::byte((crc >> 16U) & 0xFFU),
                                             std::byte(crc >> 24U),
                                             std::byte{'C'},
                                             std::byte{'p'},
                                             std::byte{'c'},
                                             std::byte{'1'}};
    EXPECT_TRUE(std::ranges::equal(bytes.last(8), expected)) << "page " << number;
  }
}

// SQLite reads the first 100 bytes before it reads page 1 as a page, and believes page size and reserved bytes in them.
TEST_F(ChecksumVfsTest, NoBitOfTheHeaderChangesAnAnswer) {
  for (std::size_t bit = 0; bit < std::size_t{100} * 8; ++bit) {
    Bytes damaged = sound;
    flip(damaged, bit);
    EXPECT_EQ(ask(damaged), "") << "bit " << bit;
    EXPECT_EQ(errors, queries.size()) << "bit " << bit;
  }
}

TEST_F(ChecksumVfsTest, EveryBitOfTheFirstPageIsCovered) {
  VfsConnection db{checksums->name(), "store.db"};
  ASSERT_EQ(db.exec("SELECT name FROM sqlite_schema"), SQLITE_OK);
  Bytes first_page{sound.begin(), sound.begin() + page};
  for (std::size_t bit = 0; bit < page * 8; ++bit) {
    flip(first_page, bit);
    memory->replace_file("store.db", first_page);
    sqlite3_db_release_memory(db.get());
    ASSERT_EQ(db.exec("SELECT name FROM sqlite_schema"), SQLITE_IOERR_DATA) << "bit " << bit;
    flip(first_page, bit);
  }
  memory->replace_file("store.db", sound);
  EXPECT_EQ(db.rows(queries[3]), answers[3]);
}

TEST_F(ChecksumVfsTest, NoBitAnywhereChangesAnAnswer) {
  std::size_t reported = 0;
  for (const std::uint64_t seed : test::seeds(400)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    Bytes damaged = sound;
    flip(damaged, random.below(damaged.size() * 8));
    EXPECT_EQ(ask(damaged), "");
    if (errors > 0) ++reported;
  }
  EXPECT_GT(reported, 0U);
}

TEST_F(ChecksumVfsTest, ChangedPageIsNamed) {
  Bytes damaged = sound;
  flip(damaged, (last_page() - 1) * page * 8 + 4000);
  const auto bad = bad_page(damaged);
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->page, last_page());
  EXPECT_EQ(bad->defect, PageDefect::wrong_checksum);
}

TEST_F(ChecksumVfsTest, MisplacedPageIsDetected) {
  Bytes damaged = sound;
  const std::uint32_t other = last_page() - 1;
  std::copy_n(begin_of(other), page, damaged.begin() + static_cast<std::ptrdiff_t>((last_page() - 1) * page));
  const auto bad = bad_page(damaged);
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->page, last_page());
  EXPECT_EQ(bad->defect, PageDefect::wrong_checksum);
}

TEST_F(ChecksumVfsTest, ZeroedPageIsDetected) {
  Bytes damaged = sound;
  std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>((last_page() - 1) * page), page, std::byte{0});
  const auto bad = bad_page(damaged);
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->page, last_page());
  EXPECT_EQ(bad->defect, PageDefect::no_checksum);
}

TEST_F(ChecksumVfsTest, FileThatEndsInsideAPageIsDetected) {
  Bytes damaged = sound;
  damaged.resize((last_page() - 1) * page + 100);
  const auto bad = bad_page(damaged);
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->page, last_page());
  EXPECT_EQ(bad->defect, PageDefect::truncated);
}

TEST_F(ChecksumVfsTest, ForeignFileIsNeitherReadNorChanged) {
  VfsConnection plain{memory->name(), "foreign.db"};
  ASSERT_EQ(plain.exec("CREATE TABLE t(x); INSERT INTO t VALUES(1)"), SQLITE_OK);
  plain.close();
  const Bytes before = memory->read_file("foreign.db").value();

  VfsConnection db{checksums->name(), "foreign.db"};
  EXPECT_EQ(db.exec("INSERT INTO t VALUES(2)"), SQLITE_IOERR_DATA);
  ASSERT_TRUE(last_bad_page(db.get()));
  EXPECT_EQ(last_bad_page(db.get())->defect, PageDefect::foreign_layout);
  db.close();
  EXPECT_EQ(memory->read_file("foreign.db"), before);
}

TEST_F(ChecksumVfsTest, FileWithoutReservedBytesIsRefusedWhenItIsMade) {
  VfsConnection db{checksums->name(), "new.db"};
  EXPECT_EQ(db.exec("PRAGMA page_size=8192; CREATE TABLE t(x)"), SQLITE_IOERR_WRITE);
  ASSERT_TRUE(last_bad_page(db.get()));
  EXPECT_EQ(last_bad_page(db.get())->defect, PageDefect::foreign_layout);
}

TEST_F(ChecksumVfsTest, PagesFreedInTheTransactionThatMadeThemCarryChecksums) {
  VfsConnection db{checksums->name(), "freed.db"};
  ASSERT_EQ(make_store(db), SQLITE_OK);
  ASSERT_EQ(db.exec("PRAGMA secure_delete=OFF; CREATE TABLE a(x); CREATE TABLE b(x); BEGIN;"
                    "INSERT INTO a VALUES(randomblob(200000)); INSERT INTO b VALUES(randomblob(100000));"
                    "DELETE FROM a; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)"),
            SQLITE_OK);
  ASSERT_NE(db.rows("PRAGMA freelist_count"), "0\n");
  // A backup is the one reader of free pages.
  VfsConnection copy{checksums->name(), "copy.db"};
  ASSERT_EQ(make_store(copy), SQLITE_OK);
  sqlite3_backup* backup = sqlite3_backup_init(copy.get(), "main", db.get(), "main");
  ASSERT_NE(backup, nullptr);
  EXPECT_EQ(sqlite3_backup_step(backup, -1), SQLITE_DONE);
  EXPECT_EQ(sqlite3_backup_finish(backup), SQLITE_OK);
  EXPECT_EQ(copy.rows("SELECT length(x) FROM b; PRAGMA integrity_check"), "100000\nok\n");
}

TEST_F(ChecksumVfsTest, VacuumKeepsTheLayout) {
  VfsConnection db{checksums->name(), "store.db"};
  ASSERT_EQ(db.exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE); VACUUM INTO 'copy.db'"), SQLITE_OK);
  VfsConnection copy{checksums->name(), "copy.db"};
  EXPECT_EQ(copy.rows("PRAGMA integrity_check"), "ok\n");
  EXPECT_EQ(copy.rows(queries[2]), answers[2]);
}

TEST_F(ChecksumVfsTest, CountsWhatItWritesReadsAndSyncs) {
  const VfsCounters before = checksums->counters();
  VfsConnection db{checksums->name(), "store.db"};
  ASSERT_EQ(make_store(db), SQLITE_OK);
  ASSERT_EQ(db.exec("INSERT INTO large VALUES(9, zeroblob(50000))"), SQLITE_OK);
  const VfsCounters committed = checksums->counters();
  EXPECT_GT(committed.pages_read, before.pages_read);
  EXPECT_GT(committed.wal_bytes_written, before.wal_bytes_written + 50'000);
  EXPECT_EQ(committed.main_bytes_written, before.main_bytes_written);
  EXPECT_GT(committed.syncs, before.syncs);

  ASSERT_EQ(db.exec("PRAGMA wal_checkpoint(PASSIVE)"), SQLITE_OK);
  const VfsCounters checkpointed = checksums->counters();
  EXPECT_GT(checkpointed.main_bytes_written, before.main_bytes_written + 50'000);
  EXPECT_EQ((checkpointed.main_bytes_written - before.main_bytes_written) % page, 0U);
}

// A second ChecksumVfs stands for a second process: it does not see the writes of the first.
TEST_F(ChecksumVfsTest, ReaderInAnotherProcessSeesWhatWasCheckpointedSinceItLastRead) {
  VfsConnection writer{checksums->name(), "store.db"};
  ASSERT_EQ(make_store(writer), SQLITE_OK);
  ASSERT_EQ(writer.exec("CREATE TABLE long(x BLOB); INSERT INTO long VALUES(zeroblob(80000)); VACUUM;"
                        "PRAGMA wal_checkpoint(TRUNCATE)"),
            SQLITE_OK);
  const auto other_process = ChecksumVfs::create(memory->name().c_str());
  VfsConnection reader{other_process->name(), "store.db", SQLITE_OPEN_READONLY};
  for (int round = 1; round <= 3; ++round) {
    const std::string digit = std::to_string(round % 2);
    ASSERT_EQ(writer.exec("UPDATE long SET x = CAST(replace(hex(zeroblob(40000)), '0', '" + digit +
                          "') AS BLOB); PRAGMA wal_checkpoint(TRUNCATE)"),
              SQLITE_OK);
    EXPECT_EQ(reader.rows("SELECT x = CAST(replace(hex(zeroblob(40000)), '0', '" + digit + "') AS BLOB) FROM long"),
              "1\n");
  }
}

TEST_F(ChecksumVfsTest, DamageOnDiskIsSeenWhateverMmapSizeSays) {
  const auto disk = ChecksumVfs::create();
  const std::string name = testing::TempDir() + "checksum_vfs_mmap.db";
  std::filesystem::remove(name);
  Bytes damaged = sound;
  flip(damaged, (last_page() - 1) * page * 8 + 4000);
  {
    std::ofstream out{name, std::ios::binary};
    out.write(as_text(damaged).data(), static_cast<std::streamsize>(damaged.size()));
  }
  VfsConnection db{disk->name(), name};
  EXPECT_EQ(db.exec("PRAGMA mmap_size=1000000000; SELECT sum(length(hex(x))) FROM large"), SQLITE_IOERR_DATA);
  db.close();
  std::filesystem::remove(name);
}

}  // namespace
}  // namespace cairn
