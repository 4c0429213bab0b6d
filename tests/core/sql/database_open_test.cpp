#include <cairn/core/sql/database.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cairn/core/sql/memory_vfs.hpp>

#include "core/sql/sql_test_store.hpp"

namespace cairn {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A directory of this test's own, removed with all in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "cairn-open-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    fs::permissions(path_, fs::perms::owner_all, ignored);
    fs::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const fs::path& path() const noexcept { return path_; }
  [[nodiscard]] fs::path store() const { return path_ / "store.db"; }

 private:
  fs::path path_;
};

std::string slurp(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::string fingerprint(const std::string& bytes) {
  return std::to_string(bytes.size()) + " bytes, hash " + std::to_string(std::hash<std::string>{}(bytes));
}

// Names, kinds and content of everything below a directory.
std::map<std::string, std::string> picture(const fs::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator{directory}) {
    files[entry.path().string()] = entry.is_regular_file() ? fingerprint(slurp(entry.path())) : "no file";
  }
  return files;
}

void make_store(const fs::path& file) {
  auto db = test::open_store({.file = file});
  test::must_exec(*db, {"CREATE TABLE t(a)", "INSERT INTO t VALUES (1)"});
  ASSERT_TRUE(db->close());
}

// What is left when the owner dies: the log is not in the file yet. The child ends without destructors.
void make_store_that_needs_recovery(const fs::path& file) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto db = Database::open({.file = file, .writer = WriterMode::stepped});
    if (!db) ::_exit(1);
    auto made = (*db)->write([](Unit& unit) { return unit.exec("CREATE TABLE t(a)"); });
    if (!made) ::_exit(2);
    auto filled = (*db)->write([](Unit& unit) { return unit.exec("INSERT INTO t VALUES (1)"); });
    ::_exit(filled ? 0 : 3);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
}

void run_sqlite(const fs::path& file, const char* sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

void change_byte(const fs::path& file, std::streamoff offset, char value) {
  std::fstream out{file, std::ios::binary | std::ios::in | std::ios::out};
  out.seekp(offset);
  out.put(value);
}

struct Case {
  const char* name;
  std::function<fs::path(const fs::path& directory)> prepare;  // gives what to open
  Errc code;
  const char* says;
};
void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

const Case cases[] = {
    {"NoName", [](const fs::path&) { return fs::path{}; }, Errc::invalid, "no file name"},
    {"DirectoryMissing", [](const fs::path& directory) { return directory / "missing" / "store.db"; }, Errc::not_found,
     "missing does not exist"},
    {"DirectoryInsteadOfFile",
     [](const fs::path& directory) {
       fs::create_directory(directory / "store.db");
       return directory / "store.db";
     },
     Errc::invalid, "is a directory"},
    {"FileInsteadOfDirectory",
     [](const fs::path& directory) {
       std::ofstream{directory / "file"} << "text";
       return directory / "file" / "store.db";
     },
     Errc::invalid, "is not a directory"},
    {"FifoInsteadOfFile",
     [](const fs::path& directory) {
       ::mkfifo((directory / "store.db").c_str(), 0600);
       return directory / "store.db";
     },
     Errc::invalid, "not a regular file"},
    {"TextFile",
     [](const fs::path& directory) {
       std::ofstream{directory / "store.db"} << std::string(20'000, 'x');
       return directory / "store.db";
     },
     Errc::invalid, "no SQLite file"},
    {"ShortFile",
     [](const fs::path& directory) {
       std::ofstream{directory / "store.db"} << "SQLite";
       return directory / "store.db";
     },
     Errc::invalid, "no SQLite file"},
    {"FileOfZeros",
     [](const fs::path& directory) {
       std::ofstream{directory / "store.db"} << std::string(16'384, '\0');
       return directory / "store.db";
     },
     Errc::invalid, "no SQLite file"},
    {"AnotherProgramsDatabase",
     [](const fs::path& directory) {
       run_sqlite(directory / "store.db",
                  "PRAGMA journal_mode=WAL; CREATE TABLE theirs(a); INSERT INTO theirs VALUES (1)");
       return directory / "store.db";
     },
     Errc::invalid, "another program's"},
    {"AnotherPageLayout",
     [](const fs::path& directory) {
       run_sqlite(directory / "store.db", "PRAGMA page_size=4096; PRAGMA application_id=1131572785; CREATE TABLE t(a)");
       return directory / "store.db";
     },
     Errc::invalid, "another page layout"},
    {"NewerFormat",
     [](const fs::path& directory) {
       make_store(directory / "store.db");
       change_byte(directory / "store.db", 63, 9);  // user version
       return directory / "store.db";
     },
     Errc::invalid, "format 9 is newer than 1"},
    {"FirstPageDamaged",
     [](const fs::path& directory) {
       make_store(directory / "store.db");
       change_byte(directory / "store.db", 5000, 77);
       return directory / "store.db";
     },
     Errc::corrupt, "page 1"},
    {"LogWithoutDatabase",
     [](const fs::path& directory) {
       std::ofstream{directory / "store.db-wal"} << std::string(9'000, 'x');
       return directory / "store.db";
     },
     Errc::invalid, "no database beside it"},
};

class OpenFails : public testing::TestWithParam<Case> {};

TEST_P(OpenFails, WithItsOwnErrorAndNothingCreatedOrChanged) {
  const TemporaryDirectory directory;
  const fs::path file = GetParam().prepare(directory.path());
  const auto before = picture(directory.path());
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto opened = Database::open({.file = file});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), GetParam().code);
    EXPECT_THAT(opened.error().message(), HasSubstr(GetParam().says));
    EXPECT_EQ(picture(directory.path()), before);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, OpenFails, testing::ValuesIn(cases),
                         [](const auto& param) { return std::string{param.param.name}; });

// Runs `body` in a child that is not root (root may write anywhere) and gives what it returns, and what it printed.
std::pair<int, std::string> as_nobody(const std::function<int(int out)>& body) {
  int pipe[2];
  EXPECT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(99);
    ::_exit(body(pipe[1]));
  }
  ::close(pipe[1]);
  std::string text;
  char buffer[512];
  for (ssize_t got = 0; (got = ::read(pipe[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

int open_and_tell(const fs::path& file, int out) {
  auto opened = Database::open({.file = file, .writer = WriterMode::stepped});
  if (opened) return 1;
  const std::string text = opened.error().to_string();
  (void)!::write(out, text.data(), text.size());
  return 0;
}

struct ReadOnlyCase {
  const char* name;
  std::function<void(const fs::path&)> make;
  bool directory_writable;
  const char* says;
};
void PrintTo(const ReadOnlyCase& test, std::ostream* out) { *out << test.name; }

class OpenReadOnly : public testing::TestWithParam<ReadOnlyCase> {};

TEST_P(OpenReadOnly, IsUnavailableAndNothingIsCreatedOrChanged) {
  const TemporaryDirectory directory;
  const fs::path inner = directory.path() / "inner";
  fs::create_directory(inner);
  GetParam().make(inner / "store.db");
  fs::remove(inner / "store.db.lock");
  // Readable for everyone, writable for nobody: what a file system that is mounted read-only looks like.
  fs::permissions(directory.path(), fs::perms{0755});
  for (const auto& entry : fs::directory_iterator{inner}) fs::permissions(entry.path(), fs::perms{0444});
  fs::permissions(inner, GetParam().directory_writable ? fs::perms{0777} : fs::perms{0555});
  const auto before = picture(inner);

  const auto [status, text] = as_nobody([&](int out) { return open_and_tell(inner / "store.db", out); });
  EXPECT_EQ(status, 0);
  EXPECT_THAT(text, HasSubstr("unavailable"));
  EXPECT_THAT(text, HasSubstr(GetParam().says));
  EXPECT_EQ(picture(inner), before);
  fs::permissions(inner, fs::perms{0755});
}

const ReadOnlyCase read_only_cases[] = {
    {"NothingThere", [](const fs::path&) {}, false, "cannot create"},
    {"CleanStore", make_store, false, "cannot create"},
    {"StoreThatNeedsRecovery", make_store_that_needs_recovery, false, "needs recovery"},
    {"FileOnly", make_store, true, "cannot be written"},
    {"FileOnlyThatNeedsRecovery", make_store_that_needs_recovery, true, "needs recovery"},
};
INSTANTIATE_TEST_SUITE_P(Cases, OpenReadOnly, testing::ValuesIn(read_only_cases),
                         [](const auto& param) { return std::string{param.param.name}; });

TEST(Open, RecoversWhatADeadOwnerLeft) {
  const TemporaryDirectory directory;
  make_store_that_needs_recovery(directory.store());
  ASSERT_GT(fs::file_size(directory.store().string() + "-wal"), 0U);
  auto db = test::open_store({.file = directory.store()});
  EXPECT_EQ(test::rows(*db, "SELECT a FROM t"), std::vector<std::string>{"1"});
}

TEST(Open, LeavesOneFileBehindAfterClose) {
  const TemporaryDirectory directory;
  make_store(directory.store());
  const auto files = picture(directory.path());
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files.begin()->first, directory.store().string());
}

TEST(Open, MakesAStoreWithItsOwnPageLayoutAndName) {
  auto memory = MemoryVfs::create();
  { auto db = test::open_store(test::stepped_in(*memory)); }
  const Bytes file = *memory->read_file("store.db");
  EXPECT_EQ(file.size() % 8192, 0U);
  EXPECT_EQ(file[20], std::byte{8});  // reserved bytes for page checksums
  EXPECT_EQ(as_text(file).substr(68, 4), "Crn1");
  EXPECT_EQ(file[18], std::byte{2});  // write-ahead log
}

TEST(Open, TakesAnEmptyFileAsANewStore) {
  const TemporaryDirectory directory;
  std::ofstream{directory.store()}.flush();
  auto db = test::open_store({.file = directory.store()});
  test::must_exec(*db, {"CREATE TABLE t(a)"});
}

TEST(Open, FollowsASymbolicLinkToTheOneStore) {
  const TemporaryDirectory directory;
  make_store(directory.store());
  fs::create_symlink(directory.store(), directory.path() / "link.db");
  auto db = test::open_store({.file = directory.store()});
  auto second = Database::open({.file = directory.path() / "link.db"});
  EXPECT_EQ(test::code_of(second), Errc::busy_owner);
}

TEST(Owner, SecondInThisProcessIsRefusedWithOurPid) {
  const TemporaryDirectory directory;
  auto db = test::open_store({.file = directory.store()});
  const auto before = picture(directory.path());
  auto second = Database::open({.file = directory.store()});
  ASSERT_EQ(test::code_of(second), Errc::busy_owner);
  EXPECT_EQ(second.error().number("pid"), static_cast<std::uint64_t>(::getpid()));
  EXPECT_EQ(picture(directory.path()), before);
}

TEST(Owner, InAnotherProcessIsNamedByItsPid) {
  const TemporaryDirectory directory;
  make_store(directory.store());
  int ready[2];
  int done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(done[1]);
    auto db = Database::open({.file = directory.store(), .writer = WriterMode::stepped});
    char byte = db ? 'y' : 'n';
    (void)!::write(ready[1], &byte, 1);
    (void)!::read(done[0], &byte, 1);  // until the parent closes its end
    ::_exit(0);
  }
  ::close(done[0]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const auto before = picture(directory.path());
  auto refused = Database::open({.file = directory.store()});
  ASSERT_EQ(test::code_of(refused), Errc::busy_owner);
  EXPECT_EQ(refused.error().number("pid"), static_cast<std::uint64_t>(child));
  EXPECT_THAT(refused.error().message(), HasSubstr(std::to_string(child)));
  EXPECT_EQ(picture(directory.path()), before);

  ::close(done[1]);
  ::waitpid(child, nullptr, 0);
  auto db = test::open_store({.file = directory.store()});  // a dead owner is no owner
  EXPECT_EQ(test::rows(*db, "SELECT a FROM t"), std::vector<std::string>{"1"});
}

TEST(Owner, OfAStoreInMemoryIsOneToo) {
  auto memory = MemoryVfs::create();
  auto db = test::open_store(test::stepped_in(*memory));
  EXPECT_EQ(test::code_of(Database::open(test::stepped_in(*memory))), Errc::busy_owner);
  db.reset();
  EXPECT_EQ(test::code_of(Database::open(test::stepped_in(*memory))), std::nullopt);
}

TEST(Owner, AStaleLockFileOfADeadOwnerStaysAsItWasWhenOpenFails) {
  const TemporaryDirectory directory;
  std::ofstream{directory.store()} << std::string(20'000, 'x');
  std::ofstream{directory.store().string() + ".lock"} << "12345";
  const auto before = picture(directory.path());
  EXPECT_EQ(test::code_of(Database::open({.file = directory.store()})), Errc::invalid);
  EXPECT_EQ(picture(directory.path()), before);
}

}  // namespace
}  // namespace cairn
