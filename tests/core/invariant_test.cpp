#include <cairn/core/invariant.hpp>

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(Invariant, HoldsSilently) {
  testing::internal::CaptureStderr();
  invariant(1 + 1 == 2, "arithmetic");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(InvariantDeathTest, BrokenAbortsWithTextAndPlace) {
  EXPECT_EXIT(invariant(false, "heads behind the log"), testing::KilledBySignal(SIGABRT),
              "invariant_test\\.cpp:[0-9]+: .*invariant broken: heads behind the log");
}

}  // namespace
}  // namespace cairn
