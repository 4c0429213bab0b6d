#include "key_cache.hpp"

#include <gtest/gtest.h>

namespace cairn::erasure {
namespace {

KeyId id(unsigned char number) {
  KeyId made{};
  made[0] = std::byte{number};
  return made;
}
KeyState key(unsigned char number) {
  std::array<std::byte, SecretKey::size> bytes{};
  bytes[0] = std::byte{number};
  return SecretKey{bytes};
}
unsigned char number_of(const KeyState& state) {
  return std::to_integer<unsigned char>(std::get<SecretKey>(state).bytes()[0]);
}

TEST(KeyCache, DropsTheLeastRecentlyUsed) {
  KeyCache cache{2};
  const std::string ann = "ann";
  cache.put(id(1), key(1), &ann);
  cache.put(id(2), key(2));
  ASSERT_TRUE(cache.find(id(1)));
  cache.put(id(3), key(3));
  EXPECT_FALSE(cache.find(id(2)));
  EXPECT_EQ(number_of(*cache.find(id(1))), 1);
  EXPECT_TRUE(cache.find_subject(ann));
  cache.put(id(4), key(4));
  cache.put(id(5), key(5));
  EXPECT_FALSE(cache.find_subject(ann)) << "a dropped key is found by its subject";
}

TEST(KeyCache, KeepsTheSubjectOfAKeyThatIsPutAgainWithoutOne) {
  KeyCache cache{4};
  const std::string ann = "ann";
  cache.put(id(1), key(1), &ann);
  cache.put(id(1), Erased{});
  ASSERT_TRUE(cache.find_subject(ann));
  EXPECT_TRUE(std::holds_alternative<Erased>(cache.find_subject(ann)->state));
}

TEST(KeyCache, GivesASubjectItsNewerKey) {
  KeyCache cache{4};
  const std::string ann = "ann";
  cache.put(id(1), Erased{}, &ann);
  cache.forget_subject(ann);
  EXPECT_FALSE(cache.find_subject(ann));
  EXPECT_TRUE(cache.find(id(1))) << "what was erased stays known";
  cache.put(id(2), key(2), &ann);
  EXPECT_EQ(cache.find_subject(ann)->id, id(2));
}

TEST(KeyCache, DropsOneOrAll) {
  KeyCache cache{4};
  const std::string ann = "ann";
  cache.put(id(1), key(1), &ann);
  cache.put(id(2), key(2));
  cache.drop(id(1));
  EXPECT_FALSE(cache.find(id(1)) || cache.find_subject(ann));
  EXPECT_TRUE(cache.find(id(2)));
  cache.clear();
  EXPECT_FALSE(cache.find(id(2)));
}

}  // namespace
}  // namespace cairn::erasure
