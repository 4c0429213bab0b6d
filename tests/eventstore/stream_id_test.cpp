#include <cairn/eventstore/stream_id.hpp>

#include <algorithm>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

namespace cairn {
namespace {

using namespace std::string_literals;

/// A string literal as a template argument, so that what the compiler refuses can be asked for.
template <std::size_t Size>
struct Text {
  consteval Text(const char (&literal)[Size]) { std::ranges::copy(literal, chars); }
  char chars[Size];
};

template <Text Literal>
concept AcceptedLiteral = requires { typename std::bool_constant<(detail::StreamLiteral{Literal.chars}, true)>; };

static_assert(AcceptedLiteral<"account-42">);
static_assert(AcceptedLiteral<"$system">);
static_assert(AcceptedLiteral<" ~">);
static_assert(!AcceptedLiteral<"">);
static_assert(!AcceptedLiteral<"tab\t">);
static_assert(!AcceptedLiteral<"delete\x7f">);
static_assert(!AcceptedLiteral<"caf\u00e9">);
static_assert(!std::is_constructible_v<StreamId, std::string>, "a name from data goes through parse()");
static_assert(!std::is_convertible_v<const char*, StreamId>);

template <std::size_t Size>
consteval Text<Size + 1> repeated(char c) {
  char chars[Size + 1] = {};
  std::fill_n(chars, Size, c);
  return Text<Size + 1>{chars};
}
static_assert(AcceptedLiteral<repeated<255>('x')>);
static_assert(!AcceptedLiteral<repeated<256>('x')>);

TEST(StreamId, CategoryIsWhatStandsBeforeTheFirstDash) {
  struct Case {
    std::string text;
    std::string category;
    bool system;
  };
  const std::vector<Case> cases{
      {"account-42", "account", false},
      {"account", "account", false},
      {"account-", "account", false},
      {"account-42-7", "account", false},
      {"-42", "", false},
      {"$run-nightly", "$run", true},
      {"$", "$", true},
      {"a$b-c", "a$b", false},
      {"kont\u00f6-\u00f6", "kont\u00f6", false},
      {std::string(255, 'x'), std::string(255, 'x'), false},
  };
  for (const Case& good : cases) {
    const auto id = StreamId::parse(good.text);
    ASSERT_TRUE(id) << good.text;
    EXPECT_EQ(id->text(), good.text);
    EXPECT_EQ(id->category(), good.category);
    EXPECT_EQ(id->is_system(), good.system);
  }
}

TEST(StreamId, ParseRefusesAndSaysWhy) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "stream name is empty"},
      {std::string(256, 'x'), "stream name has 256 bytes, at most 255"},
      {"account-\n", "stream name has a control character at byte 8"},
      {"account-\0"s, "stream name has a control character at byte 8"},
      {"a\xc2\x85", "stream name has a control character at byte 1"},
      {"account-\xc3", "stream name is not UTF-8 at byte 8"},
      {"\xc0\xaf", "stream name is not UTF-8 at byte 0"},
      {"\xed\xa0\x80", "stream name is not UTF-8 at byte 0"},
  };
  for (const auto& [text, message] : cases) {
    const auto id = StreamId::parse(text);
    ASSERT_FALSE(id) << message;
    EXPECT_EQ(id.error().code(), Errc::invalid);
    EXPECT_EQ(id.error().message(), message);
  }
}

TEST(StreamId, OfPutsCategoryAndKeyTogether) {
  EXPECT_EQ(StreamId::of("account", "42").value(), StreamId{"account-42"});
  EXPECT_EQ(StreamId::of("account", "a-b").value().category(), "account");
  EXPECT_EQ(StreamId::of("account", "").value().text(), "account-");
  EXPECT_TRUE(StreamId::of("account", std::string(255 - 8, 'k')));
}

TEST(StreamId, OfRefusesACategoryThatWouldNotComeBack) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "42"}, {"a-b", "42"}, {"account", "\n"}, {"account", "\xff"}, {"account", std::string(255 - 7, 'k')},
  };
  for (const auto& [category, key] : cases) {
    const auto id = StreamId::of(category, key);
    ASSERT_FALSE(id) << category << " " << key;
    EXPECT_EQ(id.error().code(), Errc::invalid);
  }
}

TEST(StreamId, IsAValueOrderedAndHashedByItsText) {
  EXPECT_EQ(StreamId{"a-1"}, StreamId::parse("a-1").value());
  EXPECT_LT(StreamId{"a-1"}, StreamId{"a-2"});
  const std::unordered_set<StreamId> set{StreamId{"a-1"}, StreamId{"a-2"}, StreamId{"a-1"}};
  EXPECT_EQ(set.size(), 2U);
}

}  // namespace
}  // namespace cairn
