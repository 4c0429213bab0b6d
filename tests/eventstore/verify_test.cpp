#include <cairn/eventstore/verify.hpp>

#include <stop_token>

#include <gtest/gtest.h>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

TEST(Verify, StopsWhenItIsAskedTo) {
  test::MemoryStore store;
  ASSERT_TRUE(store->append(StreamId{"account-1"}, ExpectedRevision::any(), test::make_events(1, 300)));
  std::stop_source stop;
  EXPECT_TRUE(store->verify({.stop = stop.get_token()}).value().good());
  stop.request_stop();
  const auto stopped = store->verify({.stop = stop.get_token()});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), Errc::cancelled);
}

}  // namespace
}  // namespace cairn
