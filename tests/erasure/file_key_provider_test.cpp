#include <cairn/eventstore/file_key_provider.hpp>

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include <cairn/core/secure_random.hpp>

#include "support/scratch_folder.hpp"

namespace cairn {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& file) {
  std::ifstream in{file};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}
void write_text(const fs::path& file, std::string_view text) {
  std::ofstream{file} << text;
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
}
SecretKey some_key() {
  OpenSslRandom random;
  return SecretKey::random(random).value();
}
const std::string hex_key(64, 'a');

class FileKeyProviderTest : public testing::Test {
 protected:
  void expect_refused(Errc code, std::string_view says) {
    const auto opened = FileKeyProvider::open(file);
    ASSERT_FALSE(opened) << says;
    EXPECT_EQ(opened.error().code(), code) << opened.error().message();
    EXPECT_NE(opened.error().message().find(says), std::string::npos) << opened.error().message();
    EXPECT_EQ(opened.error().message().find(hex_key.substr(0, 16)), std::string::npos) << "a key in a message";
  }

  test::ScratchFolder folder;
  fs::path file = folder / "master.key";
};

TEST_F(FileKeyProviderTest, UnwrapsWhatItWrapped) {
  ASSERT_TRUE(FileKeyProvider::create(file));
  const SecretKey key = some_key();
  const auto wrapped = FileKeyProvider::open(file).value()->wrap(key, as_bytes("here")).value();
  EXPECT_EQ(wrapped.bytes.size(), 1 + 12 + 32 + 16U);
  auto later = FileKeyProvider::open(file).value();
  const SecretKey again = later->unwrap(wrapped, as_bytes("here")).value();
  EXPECT_TRUE(std::equal(key.bytes().begin(), key.bytes().end(), again.bytes().begin()));
  EXPECT_EQ(later->unwrap(wrapped, as_bytes("there")).error().code(), Errc::corrupt);
  for (std::size_t at = 0; at < wrapped.bytes.size(); ++at) {
    WrappedKey damaged = wrapped;
    damaged.bytes[at] ^= std::byte{1};
    EXPECT_EQ(later->unwrap(damaged, as_bytes("here")).error().code(), Errc::corrupt) << at;
  }
  EXPECT_EQ(later->unwrap({wrapped.master_id, {}}, as_bytes("here")).error().code(), Errc::corrupt);
  EXPECT_EQ(later->unwrap({"9", wrapped.bytes}, as_bytes("here")).error().code(), Errc::not_found);
}

TEST_F(FileKeyProviderTest, MakesAFileForItsOwnerAloneAndNeverWritesOverOne) {
  ASSERT_TRUE(FileKeyProvider::create(file));
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const std::string before = read_text(file);
  EXPECT_EQ(FileKeyProvider::create(file).error().code(), Errc::already_exists);
  EXPECT_EQ(read_text(file), before);
  EXPECT_EQ(FileKeyProvider::create(folder / "no/master.key").error().code(), Errc::not_found);
}

TEST_F(FileKeyProviderTest, AddsANewerKeyAndKeepsTheOlder) {
  ASSERT_TRUE(FileKeyProvider::create(file));
  const auto old = FileKeyProvider::open(file).value()->wrap(some_key(), {}).value();
  ASSERT_TRUE(FileKeyProvider::add_key(file));
  const auto both = FileKeyProvider::open(file).value();
  EXPECT_TRUE(both->unwrap(old, {}));
  EXPECT_EQ(both->newest_master_id(), "2");
  EXPECT_EQ(both->wrap(some_key(), {}).value().master_id, "2");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_FALSE(fs::exists(folder / "master.key.new"));
  EXPECT_EQ(FileKeyProvider::add_key(folder / "other.key").error().code(), Errc::not_found);
}

TEST_F(FileKeyProviderTest, NeverGivesAnIdTwice) {
  write_text(file, "cairn master keys 1\n2 " + hex_key + "\n");
  ASSERT_TRUE(FileKeyProvider::add_key(file));
  EXPECT_EQ(FileKeyProvider::open(file).value()->newest_master_id(), "3");
}

TEST_F(FileKeyProviderTest, RefusesAFileThatOthersCanReadOrWrite) {
  for (const fs::perms others : {fs::perms::group_read, fs::perms::others_read, fs::perms::others_write}) {
    write_text(file, "cairn master keys 1\n1 " + hex_key + "\n");
    fs::permissions(file, others, fs::perm_options::add);
    expect_refused(Errc::invalid, "chmod 600");
    EXPECT_EQ(FileKeyProvider::add_key(file).error().code(), Errc::invalid);
  }
}

TEST_F(FileKeyProviderTest, RefusesWhatIsNoFileOfMasterKeys) {
  expect_refused(Errc::not_found, "no such file");
  fs::create_directory(file, folder.path());
  fs::permissions(file, fs::perms::owner_all);
  expect_refused(Errc::invalid, "no regular file");
  fs::remove(file);

  const std::string head = "cairn master keys 1\n";
  const std::pair<std::string, std::string> wrong[] = {
      {"", "has no key"},
      {head, "has no key"},
      {"cairn master keys 2\n1 " + hex_key + "\n", "does not begin"},
      {head + "1 " + hex_key, "no end"},
      {head + "1 " + hex_key.substr(1) + "\n", "line 2: expected a key of 64"},
      {head + "1 " + hex_key + "a\n", "line 2: expected a key of 64"},
      {head + "1 " + hex_key.substr(2) + "-1\n", "line 2: expected a key of 64"},
      {head + "1 " + hex_key + "\n1 " + hex_key + "\n", "line 3: key 1 again"},
      {head + hex_key + "\n", "line 2: expected an id"},
      {head + " " + hex_key + "\n", "line 2: expected an id"},
      {head + "\n", "line 2: expected an id"},
      {head + std::string(70'000, 'x'), "more than 65536 bytes"}};
  for (const auto& [text, says] : wrong) {
    write_text(file, text);
    expect_refused(Errc::invalid, says);
  }
}

}  // namespace
}  // namespace cairn
