#include "json_scanner.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cairn/core/random.hpp>

#include "support/seed.hpp"

namespace cairn::log {
namespace {

/// What another parser says. It has no opinion on a number that is too large for a double: it gives up there.
std::optional<bool> is_json_to_nlohmann(const std::string& text) {
  try {
    const auto parsed = nlohmann::json::parse(text);
    return !parsed.is_discarded();
  } catch (const nlohmann::json::out_of_range&) {
    return std::nullopt;
  } catch (const nlohmann::json::parse_error&) {
    return false;
  }
}

bool is_json_to_us(std::string_view text) {
  JsonScanner scanner{text};
  return scanner.value().has_value() && scanner.at_end();
}

constexpr std::string_view seeds[] = {
    R"({"a":[1,-2.5e+10,0,"\u00e4\ud83d\ude00\n"],"b":{"c":null,"d":true},"":false})",
    R"( [ [ [ ] , { } ] , "x" ] )",
    R"("\"\\\/\b\f\n\r\t")",
    "-0.0E-12",
    "123456789012345678901234567890",
    "\"\xc3\xa4\xf0\x9f\x98\x80\"",
};

TEST(JsonScanner, TakesWhatAnotherParserTakesAndNothingElse) {
  constexpr std::string_view likely =
      "{}[]\",:\\/u0123456789abcdefDd+-.eEtrunl \t\n\x1f\x7f\xc3\xa4\xed\xa0\x80\xf0\xff";
  int taken = 0;
  int refused = 0;
  for (const std::uint64_t seed : test::seeds(30)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    for (int i = 0; i < 400; ++i) {
      std::string text{seeds[random.below(std::size(seeds))]};
      for (std::uint64_t changes = random.below(4); changes > 0 && !text.empty(); --changes) {
        const std::size_t at = random.below(text.size());
        const char c = likely[random.below(likely.size())];
        switch (random.below(4)) {
          case 0: text[at] = c; break;
          case 1: text.insert(at, 1, c); break;
          case 2: text.erase(at, 1 + random.below(3)); break;
          default: text.insert(random.below(text.size()), text.substr(at, random.below(12))); break;
        }
      }
      const bool ours = is_json_to_us(text);
      ASSERT_EQ(ours, is_json_to_nlohmann(text).value_or(ours)) << text;
      ++(ours ? taken : refused);
    }
  }
  EXPECT_GT(taken, 1'000);
  EXPECT_GT(refused, 1'000);
}

TEST(JsonScanner, ResolvesEscapesAsAnotherParserDoes) {
  for (const std::string_view text : {R"("")", R"("\"\\\/\b\f\n\r\t")", R"("\u0000\u007f\u0080\u07ff\u0800\uffff")",
                                      R"("\ud800\udc00\udbff\udfff")", "\"\xc3\xa4\""}) {
    JsonScanner scanner{text};
    EXPECT_EQ(scanner.string(), nlohmann::json::parse(text).get<std::string>()) << text;
  }
}

TEST(JsonScanner, GivesTheTextOfAValueWithoutTheBlanksAroundIt) {
  JsonScanner scanner{"  { \"a\" : 1.00 }  ,"};
  EXPECT_EQ(scanner.value(), "{ \"a\" : 1.00 }");
  EXPECT_TRUE(scanner.take(','));
}

TEST(JsonScanner, NestsAsDeepAsTheTextIsLong) {
  constexpr std::size_t depth = 200'000;
  EXPECT_TRUE(is_json_to_us(std::string(depth, '[') + std::string(depth, ']')));
  EXPECT_FALSE(is_json_to_us(std::string(depth, '[') + std::string(depth - 1, ']')));
}

TEST(JsonScanner, ReadsIntegersWithinTheirBounds) {
  EXPECT_EQ(JsonScanner{"18446744073709551615"}.unsigned_integer(), 18'446'744'073'709'551'615U);
  EXPECT_EQ(JsonScanner{"-9223372036854775808"}.integer(), INT64_MIN);
  for (const char* const text : {"18446744073709551616", "-1", "1.0", "1e2", "\"1\"", "+1", ""}) {
    EXPECT_FALSE(JsonScanner{text}.unsigned_integer()) << text;
  }
}

}  // namespace
}  // namespace cairn::log
