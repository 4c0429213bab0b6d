#include <cairn/core/move_only_function.hpp>

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(MoveOnlyFunction, OwnsWhatCannotBeCopied) {
  auto owned = std::make_unique<int>(7);
  MoveOnlyFunction<int(int)> add = [owned = std::move(owned)](int n) { return *owned + n; };
  MoveOnlyFunction<int(int)> moved = std::move(add);
  EXPECT_EQ(moved(1), 8);
  EXPECT_EQ(moved(2), 9) << "it may be called again";
}

TEST(MoveOnlyFunction, PassesMoveOnlyArgumentsOn) {
  MoveOnlyFunction<std::string(std::unique_ptr<std::string>)> take = [](std::unique_ptr<std::string> text) {
    return *text;
  };
  EXPECT_EQ(take(std::make_unique<std::string>("x")), "x");
}

TEST(MoveOnlyFunction, DestroysItsTargetOnce) {
  const auto counted = std::make_shared<int>();
  {
    MoveOnlyFunction<void()> first = [counted] {};
    MoveOnlyFunction<void()> second = std::move(first);
    EXPECT_EQ(counted.use_count(), 2);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(MoveOnlyFunction, KnowsWhetherItIsEmpty) {
  EXPECT_FALSE(MoveOnlyFunction<void()>{});
  EXPECT_TRUE(MoveOnlyFunction<void()>{[] {}});
}

TEST(MoveOnlyFunctionDeathTest, CallingAnEmptyOneStops) {
  MoveOnlyFunction<void()> empty;
  EXPECT_DEATH(empty(), "empty MoveOnlyFunction");
}

static_assert(std::constructible_from<MoveOnlyFunction<void(int)>, void (*)(int)>);
static_assert(!std::constructible_from<MoveOnlyFunction<void(int)>, void (*)(std::string)>);
static_assert(!std::copy_constructible<MoveOnlyFunction<void()>>);

}  // namespace
}  // namespace cairn
