#include <cairn/core/result.hpp>

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace cairn {
namespace {

Result<int> halve(int n) {
  if (n % 2 != 0) return Error{Errc::invalid, "halve: odd"}.with("n", static_cast<std::uint64_t>(n));
  return n / 2;
}

TEST(Result, HoldsTheValueItWasMadeFrom) {
  const Result<int> four = halve(8);
  ASSERT_TRUE(four.has_value());
  EXPECT_TRUE(static_cast<bool>(four));
  EXPECT_EQ(*four, 4);
  EXPECT_EQ(four.value(), 4);
}

TEST(Result, HoldsTheErrorItWasMadeFrom) {
  const Result<int> odd = halve(7);
  ASSERT_FALSE(odd.has_value());
  EXPECT_EQ(odd.error(), (Error{Errc::invalid, "halve: odd"}.with("n", 7)));
}

TEST(Result, ValueOnAnErrorThrowsBadResultWithThatError) {
  try {
    (void)halve(7).value();
    FAIL() << "value() returned on an error";
  } catch (const BadResult& thrown) {
    EXPECT_EQ(thrown.error().code(), Errc::invalid);
    EXPECT_STREQ(thrown.what(), "invalid: halve: odd");
  }
}

TEST(Result, VoidValueOnAnErrorThrowsBadResult) {
  const Result<void> failed = Error{Errc::timeout, "wait"};
  EXPECT_THROW(failed.value(), BadResult);
  EXPECT_NO_THROW(Result<void>{}.value());
}

TEST(Result, ValueOrTakesTheFallbackOnlyOnAnError) {
  EXPECT_EQ(halve(8).value_or(-1), 4);
  EXPECT_EQ(halve(7).value_or(-1), -1);
}

TEST(Result, AndThenStopsAtTheFirstError) {
  int calls = 0;
  const auto counted = [&](int n) {
    ++calls;
    return halve(n);
  };
  EXPECT_EQ(halve(12).and_then(counted).value(), 3);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(halve(7).and_then(counted).error().number("n"), 7U);
  EXPECT_EQ(calls, 1);
}

TEST(Result, VoidAndThenStopsAtTheFirstError) {
  const auto answer = [] { return Result<int>{42}; };
  EXPECT_EQ(Result<void>{}.and_then(answer).value(), 42);
  EXPECT_EQ(Result<void>{Error(Errc::cancelled, "stop")}.and_then(answer).error().code(), Errc::cancelled);
}

TEST(Result, TransformMapsTheValueAndKeepsTheError) {
  const auto text = [](int n) { return std::to_string(n); };
  EXPECT_EQ(halve(8).transform(text).value(), "4");
  EXPECT_EQ(halve(7).transform(text).error().code(), Errc::invalid);
}

TEST(Result, TransformWithAVoidFunctionGivesResultVoid) {
  int seen = 0;
  const Result<void> done = halve(8).transform([&](int n) { seen = n; });
  EXPECT_TRUE(done.has_value());
  EXPECT_EQ(seen, 4);
}

TEST(Result, CarriesMoveOnlyValues) {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = std::move(made).value();
  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(*taken, 5);
}

TEST(Result, ConvertsFromWhatTheValueIsMadeFrom) {
  const auto name = []() -> Result<std::string> { return "chunk"; };
  EXPECT_EQ(name().value(), "chunk");
}

// A discarded failure must not compile silently; [[nodiscard]] is on the types themselves.
static_assert(!std::convertible_to<Result<int>, bool>, "only explicit: `int n = halve(3)` must not compile");
static_assert(!std::constructible_from<Result<std::unique_ptr<int>>, const Result<std::unique_ptr<int>>&>);

TEST(ResultDeathTest, DereferencingAnErrorStopsTheProcess) {
  EXPECT_DEATH((void)*halve(7), "Result dereferenced on an error");
}

TEST(ResultDeathTest, ErrorOfAValueStopsTheProcess) {
  EXPECT_DEATH((void)halve(8).error(), "Result::error\\(\\) called on a value");
  EXPECT_DEATH((void)Result<void>{}.error(), "Result::error\\(\\) called on a value");
}

}  // namespace
}  // namespace cairn
