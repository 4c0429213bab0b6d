#include "travel_expenses/utf8.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace travel_expenses {
namespace {

TEST(FirstBadUtf8, FindsNothingInGoodText) {
  for (const std::string_view text :
       {"", "plain", "caf\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_FALSE(first_bad_utf8(text)) << text;
  }
}

TEST(FirstBadUtf8, SaysWhereBadTextBegins) {
  struct Case {
    std::string_view text;
    std::size_t at;
  };
  for (const Case& one : {
           Case{"ab\xFF", 2},
           Case{"\xC3(", 0},  // no such byte; no continuation
           Case{"ab\xC3", 2},
           Case{"\xE2\x82", 0},  // cut off
           Case{"\xC0\xAF", 0},
           Case{"\xE0\x80\xAF", 0},   // overlong
           Case{"x\xED\xA0\x80", 1},  // a surrogate
           Case{"\xF4\x90\x80\x80", 0},
           Case{"\xF5\x80", 0},  // beyond U+10FFFF
           Case{"\x80", 0},
           Case{"\xE2\x28\xA1", 0},
       }) {
    EXPECT_EQ(first_bad_utf8(one.text), one.at) << one.text;
  }
}

}  // namespace
}  // namespace travel_expenses
