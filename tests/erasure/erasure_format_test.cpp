// The example of docs/erasure.md, read from the page itself.
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include <cairn/core/secure_random.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/file_key_provider.hpp>
#include <cairn/eventstore/subject_keys.hpp>

#include "erasure/byte_scan.hpp"
#include "erasure/customer.hpp"
#include "support/scratch_folder.hpp"

namespace cairn {
namespace {

std::string page() {
  std::ifstream in{CAIRN_SOURCE_DIR "/docs/erasure.md"};
  return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

/// The bytes of the page's "```hex <name>" block: those between the first two bars of each line.
Bytes dump(const std::string& name) {
  const std::string text = page();
  const std::string fence = "```hex " + name + "\n";
  std::size_t at = text.find(fence);
  EXPECT_NE(at, std::string::npos) << name;
  at += fence.size();
  Bytes bytes;
  while (text.compare(at, 3, "```") != 0) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    EXPECT_EQ(std::stoul(line), bytes.size()) << line;
    const std::size_t begin = line.find('|') + 1;
    const std::string middle = line.substr(begin, line.find('|', begin) - begin);
    for (std::size_t i = middle.find_first_not_of(' '); i != std::string::npos;
         i = middle.find_first_not_of(' ', i + 2)) {
      unsigned value = 0;
      std::from_chars(&middle[i], &middle[i] + 2, value, 16);
      bytes.push_back(static_cast<std::byte>(value));
    }
    at = end + 1;
  }
  return bytes;
}

Bytes counting(int first, int count) {
  Bytes bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(first + i));
  return bytes;
}

/// Gives out what it was told, in this order.
class ScriptedRandom final : public SecureRandom {
 public:
  explicit ScriptedRandom(std::initializer_list<Bytes> pieces) {
    for (const Bytes& piece : pieces) script_.insert(script_.end(), piece.begin(), piece.end());
  }
  Result<void> fill(std::span<std::byte> out) override {
    if (out.size() > script_.size()) return Error{Errc::unavailable, "the script is over"};
    std::copy_n(script_.begin(), out.size(), out.begin());
    script_.erase(script_.begin(), script_.begin() + static_cast<std::ptrdiff_t>(out.size()));
    return {};
  }

 private:
  Bytes script_;
};

TEST(ErasureFormat, IsThatOfThePage) {
  const test::ScratchFolder folder;
  ScriptedRandom for_master{counting(0x20, 32)};
  ASSERT_TRUE(FileKeyProvider::create(folder / "master.key", &for_master));
  ScriptedRandom for_wraps{counting(0xd0, 12), counting(0xc0, 12)};
  const auto master = FileKeyProvider::open(folder / "master.key", &for_wraps).value();
  ScriptedRandom for_keys{counting(0x40, 32), counting(0xa0, 16), counting(0x00, 32), counting(0xb0, 12)};
  auto disk = MemoryVfs::create();
  auto keys =
      SubjectKeys::open({.file = "keys", .memory = disk.get()}, {.master = *master, .random = &for_keys}).value();

  const test::Contact contact{"Ann", "ann@example.org"};
  const auto sealed = keys->seal(SubjectId{"person-7"}, contact, {.bound_to = "customer-7"}).value();
  EXPECT_EQ(sealed.bytes(), dump("sealed"));
  const Bytes file = disk->read_file("keys").value();
  EXPECT_TRUE(test::contains(file, dump("wrapped")));
  EXPECT_TRUE(test::contains(file, dump("subject")));
  const std::string tag = keys->blind_tag({.name = "email", .value = contact.email}).value();
  EXPECT_NE(page().find("`" + tag + "`"), std::string::npos) << tag;
}

TEST(ErasureFormat, NeedsRandomnessForAllItMakes) {
  const test::ScratchFolder folder;
  ScriptedRandom none{};
  EXPECT_EQ(FileKeyProvider::create(folder / "none.key", &none).error().code(), Errc::unavailable);
  EXPECT_FALSE(std::filesystem::exists(folder / "none.key"));
  ASSERT_TRUE(FileKeyProvider::create(folder / "master.key"));
  const auto master = FileKeyProvider::open(folder / "master.key").value();
  auto disk = MemoryVfs::create();
  EXPECT_EQ(
      SubjectKeys::open({.file = "keys", .memory = disk.get()}, {.master = *master, .random = &none}).error().code(),
      Errc::unavailable);
  // Enough for the blind key, the id, the key; and not for the nonce.
  for (const int more : {0, 16, 16 + 32, 16 + 32 + 11}) {
    auto fresh = MemoryVfs::create();
    ScriptedRandom some{counting(0, 32), Bytes(static_cast<std::size_t>(more))};
    auto keys =
        SubjectKeys::open({.file = "keys", .memory = fresh.get()}, {.master = *master, .random = &some}).value();
    EXPECT_EQ(keys->seal(SubjectId{"person-7"}, "x").error().code(), Errc::unavailable) << more;
  }
}

}  // namespace
}  // namespace cairn
