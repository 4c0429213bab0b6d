#include <cairn/core/call_user.hpp>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(CallUser, WrapsAPlainReturn) {
  const Result<int> sum = call_user(
      "add", [](int a, int b) { return a + b; }, 2, 3);
  EXPECT_EQ(sum.value(), 5);
}

TEST(CallUser, FlattensAReturnedResult) {
  const auto refuse = [](bool yes) -> Result<int> {
    if (yes) return Error{Errc::rejected, "no"};
    return 1;
  };
  static_assert(std::same_as<decltype(call_user("decide", refuse, true)), Result<int>>);
  EXPECT_EQ(call_user("decide", refuse, true).error(), (Error{Errc::rejected, "no"}));
  EXPECT_EQ(call_user("decide", refuse, false).value(), 1);
}

TEST(CallUser, VoidBecomesResultVoid) {
  int calls = 0;
  const Result<void> done = call_user("count", [&] { ++calls; });
  EXPECT_TRUE(done.has_value());
  EXPECT_EQ(calls, 1);
}

TEST(CallUser, AReturnedReferenceIsCopied) {
  std::string original = "before";
  const Result<std::string> copy = call_user("look", [&]() -> std::string& { return original; });
  original = "after";
  EXPECT_EQ(*copy, "before");
}

TEST(CallUser, ForwardsMoveOnlyArguments) {
  const Result<int> read = call_user(
      "take", [](std::unique_ptr<int> owned) { return *owned; }, std::make_unique<int>(9));
  EXPECT_EQ(read.value(), 9);
}

TEST(CallUser, CallsMembers) {
  const std::string text = "seven";
  EXPECT_EQ(call_user("size", &std::string::size, text).value(), 5U);
}

TEST(CallUser, ALackOfMemoryIsTheMachinesFault) {
  const auto outcome = call_user("decide", []() -> int { throw std::bad_alloc{}; });
  EXPECT_EQ(outcome.error(), (Error{Errc::unavailable, "out of memory"}));
}

struct ThrowCase {
  const char* name;
  void (*thrower)();
  const char* message;
};

class CallUserThrowing : public testing::TestWithParam<ThrowCase> {};

TEST_P(CallUserThrowing, BecomesHandlerFailed) {
  const Result<void> failed = call_user("decide account-42", GetParam().thrower);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error(), (Error{Errc::handler_failed, GetParam().message}));
}

INSTANTIATE_TEST_SUITE_P(EveryKind, CallUserThrowing,
                         testing::Values(ThrowCase{"Exception", [] { throw std::runtime_error{"overdrawn"}; },
                                                   "decide account-42: overdrawn"},
                                         ThrowCase{"ErrorValue",
                                                   [] {
                                                     throw BadResult{Error{Errc::conflict, "late"}};
                                                   },
                                                   "decide account-42: conflict: late"},
                                         ThrowCase{"Integer", [] { throw 7; },
                                                   "decide account-42: threw something that is not a std::exception"}),
                         [](const auto& test) { return std::string{test.param.name}; });

}  // namespace
}  // namespace cairn
