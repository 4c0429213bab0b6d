#include <cairn/core/name.hpp>

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace cairn {
namespace {

using namespace std::string_literals;

TEST(CheckName, SaysWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "the name is empty"},
      {std::string(256, 'x'), "the name has 256 bytes, at most 255"},
      {"ab\xff", "the name is not UTF-8 at byte 2"},
      {"ab\tc", "the name has a control character at byte 2"},
      {"ab\0c"s, "the name has a control character at byte 2"},
      {"a\u0085", "the name has a control character at byte 1"},
  };
  for (const auto& [text, message] : cases) {
    const auto checked = check_name("the name", text);
    ASSERT_FALSE(checked) << message;
    EXPECT_EQ(checked.error().code(), Errc::invalid);
    EXPECT_EQ(checked.error().message(), message);
  }
  for (const std::string& good : {"x"s, std::string(255, 'x'), " "s, "\u00e9\U0001f426"s}) {
    EXPECT_TRUE(check_name("the name", good));
  }
}

}  // namespace
}  // namespace cairn
