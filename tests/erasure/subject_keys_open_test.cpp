#include <cairn/eventstore/subject_keys.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/file_key_provider.hpp>

#include "erasure/recording_provider.hpp"
#include "support/scratch_folder.hpp"

namespace cairn {
namespace {

namespace fs = std::filesystem;

const SubjectId ann{"person-7"};

class SubjectKeysOpenTest : public testing::Test {
 protected:
  [[nodiscard]] auto open(const SubjectKeysOptions& options) {
    return SubjectKeys::open(options, {.master = provider});
  }
  [[nodiscard]] auto open() { return open({.file = file}); }
  void expect_refused(Errc code, std::string_view says) {
    const auto opened = open();
    ASSERT_FALSE(opened) << says;
    EXPECT_EQ(opened.error().code(), code) << opened.error().message();
    EXPECT_NE(opened.error().message().find(says), std::string::npos) << opened.error().message();
  }
  [[nodiscard]] std::string content() const {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
  }

  test::ScratchFolder folder;
  fs::path file = folder / "bank.db-keys";
  test::RecordingProvider provider;
};

TEST_F(SubjectKeysOpenTest, MakesAFileForItsOwnerAlone) {
  ASSERT_TRUE(open().value()->seal(ann, "x"));
  const auto owner_alone = fs::perms::owner_read | fs::perms::owner_write;
  EXPECT_EQ(fs::status(file).permissions(), owner_alone);
  for (const auto& entry : fs::directory_iterator{folder.path()}) {
    EXPECT_EQ(entry.status().permissions(), owner_alone) << entry.path();
  }
}

TEST_F(SubjectKeysOpenTest, SaysThatThereIsNoFileWhenItShouldNotMakeOne) {
  EXPECT_EQ(open({.file = file, .create = false}).error().code(), Errc::not_found);
  EXPECT_FALSE(fs::exists(file));
  auto disk = MemoryVfs::create();
  EXPECT_EQ(open({.file = "keys", .create = false, .memory = disk.get()}).error().code(), Errc::not_found);
  EXPECT_TRUE(disk->files().empty());
  std::ofstream{file}.flush();
  EXPECT_EQ(open({.file = file, .create = false}).error().code(), Errc::not_found) << "an empty file has no keys";
  ASSERT_TRUE(open());
  EXPECT_TRUE(open({.file = file, .create = false}));
}

TEST_F(SubjectKeysOpenTest, LeavesNoFileBehindWhenTheProviderCannotWrap) {
  const Error down{Errc::unavailable, "the key service does not answer"};
  provider.fail_with(&down);
  EXPECT_EQ(open().error(), down);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST_F(SubjectKeysOpenTest, RefusesPlacesWhereNoFileCanBe) {
  EXPECT_EQ(open({.file = ""}).error().code(), Errc::invalid);
  EXPECT_EQ(open({.file = folder.path()}).error().code(), Errc::invalid);
  EXPECT_EQ(open({.file = folder / "no/keys"}).error().code(), Errc::not_found);
}

TEST_F(SubjectKeysOpenTest, RefusesFilesThatAreNoneOfItsOwnAndDoesNotTouchThem) {
  std::ofstream{file} << std::string(5000, 'x');
  const std::string text = content();
  expect_refused(Errc::invalid, "not a key file");
  EXPECT_EQ(content(), text);
  fs::remove(file);

  {
    auto store = Database::open({.file = file}).value();
    const std::string before = content();
    expect_refused(Errc::invalid, "not a key file");
    EXPECT_EQ(content(), before);
    EXPECT_TRUE(store->write([](Unit&) -> Result<void> { return {}; })) << "the store is locked";
  }
  expect_refused(Errc::invalid, "not a key file");
}

TEST_F(SubjectKeysOpenTest, RefusesANewerFormat) {
  ASSERT_TRUE(open());
  std::string bytes = content();
  bytes[63] = 2;  // user_version, big endian, at 60
  std::ofstream{file, std::ios::binary} << bytes;
  expect_refused(Errc::invalid, "format 2 is newer than 1");
}

TEST_F(SubjectKeysOpenTest, RefusesASecondOwner) {
  auto first = open().value();
  expect_refused(Errc::busy_owner, "somebody else has it open");
  const auto sealed = first->seal(ann, "x").value();
  EXPECT_TRUE(first->unseal(sealed));
  first.reset();
  EXPECT_TRUE(open());
}

TEST_F(SubjectKeysOpenTest, RefusesAnotherMasterKeyAndDestroysNothing) {
  const fs::path master_file = folder / "master.key";
  const fs::path other_file = folder / "other.key";
  ASSERT_TRUE(FileKeyProvider::create(master_file));
  ASSERT_TRUE(FileKeyProvider::create(other_file));
  const auto master = FileKeyProvider::open(master_file).value();
  const auto sealed = SubjectKeys::open({.file = file}, {.master = *master}).value()->seal(ann, "x").value();
  const std::string before = content();

  const auto other = FileKeyProvider::open(other_file).value();
  EXPECT_EQ(SubjectKeys::open({.file = file}, {.master = *other}).error().code(), Errc::corrupt);
  ASSERT_TRUE(FileKeyProvider::add_key(other_file));
  EXPECT_EQ(content(), before);
  const auto again = SubjectKeys::open({.file = file}, {.master = *master}).value();
  EXPECT_EQ(*again->unseal(sealed).value(), "x");
}

TEST_F(SubjectKeysOpenTest, GoesOnAfterTheMasterKeyWasExchanged) {
  const fs::path master_file = folder / "master.key";
  ASSERT_TRUE(FileKeyProvider::create(master_file));
  auto master = FileKeyProvider::open(master_file).value();
  const auto sealed = SubjectKeys::open({.file = file}, {.master = *master}).value()->seal(ann, "x").value();
  ASSERT_TRUE(FileKeyProvider::add_key(master_file));
  master = FileKeyProvider::open(master_file).value();
  EXPECT_EQ(SubjectKeys::open({.file = file}, {.master = *master}).value()->rewrap().value(), 2U);

  // The old key is destroyed: its line goes.
  std::string lines;
  {
    std::ifstream in{master_file};
    for (std::string line; std::getline(in, line);) {
      if (!line.starts_with("1 ")) lines += line + "\n";
    }
  }
  std::ofstream{master_file} << lines;
  master = FileKeyProvider::open(master_file).value();
  const auto keys = SubjectKeys::open({.file = file}, {.master = *master}).value();
  EXPECT_EQ(*keys->unseal(sealed).value(), "x");
}

TEST_F(SubjectKeysOpenTest, FindsDamageInAWrappedKey) {
  const auto sealed = open().value()->seal(ann, "x").value();
  std::string bytes = content();
  const Bytes wrapped = provider.made().at(1).wrapped;
  const std::size_t at = bytes.find(as_text(wrapped));
  ASSERT_NE(at, std::string::npos);
  bytes[at + SecretKey::size + 8] ^= 1;  // in what stands behind the key: its context
  std::ofstream{file, std::ios::binary} << bytes;
  EXPECT_EQ(open().value()->unseal(sealed).error().code(), Errc::corrupt);
}

}  // namespace
}  // namespace cairn
