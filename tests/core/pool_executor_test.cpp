#include <cairn/core/pool_executor.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace cairn {
namespace {

// Leaves this process room for a few thread stacks (8 MiB each) and not for a thousand.
void limit_address_space() {
  std::ifstream in{"/proc/self/statm"};
  rlim_t pages = 0;
  in >> pages;
  const rlim_t bytes = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (rlim_t{256} << 20);
  const rlimit limit{bytes, bytes};
  if (::setrlimit(RLIMIT_AS, &limit) != 0) std::_Exit(3);
}

[[noreturn]] void start_more_threads_than_there_are() {
  limit_address_space();
  const auto pool = PoolExecutor::start({.threads = 1000});
  if (pool) std::_Exit(1);
  std::fprintf(stderr, "%s\n", pool.error().to_string().c_str());
  std::_Exit(pool.error().code() == Errc::unavailable && pool.error().number("started") > 0U ? 0 : 2);
}

TEST(PoolExecutorDeathTest, AThreadTheSystemRefusesIsAnErrorAndLeavesNothingBehind) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(start_more_threads_than_there_are(), testing::ExitedWithCode(0),
              "unavailable: start a thread of the pool");
}

}  // namespace
}  // namespace cairn
