#include "cause.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/utf8.hpp>

namespace cairn::letters {
namespace {

TEST(Cause, IsWhatMessagesOfOneKindHaveInCommon) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", ""},
      {"no such account", "no such account"},
      {"append account-42: expected revision 6, actual 7", "append account-#: expected revision #, actual #"},
      {"order 2ed6657d-e927-568b-95e1-2665a8aea6a2 is unknown", "order # is unknown"},
      {"hash 0123456789abcdef0123 differs", "hash # differs"},
      {"the word deadbeef stays", "the word deadbeef stays"},
      {"sha256 is a name", "sha256 is a name"},
      {"took 1.25 s at 12:30:01", "took # s at #"},
      {"3.", "#."},
      {"field 'name' has \"ann\"", "field '...' has '...'"},
      {"it doesn't quote and can't", "it doesn't quote and can't"},
      {"'never closed", "'never closed"},
  };
  for (const auto& [message, cause] : cases) EXPECT_EQ(cause_of(message), cause) << message;
}

TEST(Cause, EndsAt200BytesAndNotWithinACharacter) {
  EXPECT_EQ(cause_of(std::string(500, 'x')), std::string(200, 'x'));
  for (std::size_t before = 190; before < 205; ++before) {
    std::string message(before, 'x');
    for (int i = 0; i < 10; ++i) message += "\u20ac";
    const std::string cause = cause_of(message);
    EXPECT_LE(cause.size(), 200U);
    EXPECT_GT(cause.size(), 196U);
    EXPECT_FALSE(find_invalid_utf8(cause)) << before;
  }
}

}  // namespace
}  // namespace cairn::letters
