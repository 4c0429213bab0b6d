#include "index_key.hpp"

#include <gtest/gtest.h>

namespace cairn::log {
namespace {

TEST(IndexKey, TwoLowBitsSayWhatTheRestIs) {
  EXPECT_EQ(category_key(1), 5U);
  EXPECT_EQ(type_key(7), 30U);
  EXPECT_EQ(tag_key("") & 3U, 3U);
  EXPECT_EQ(category_key(0xFFFF'FFFF), 0x3'FFFF'FFFDU);
}

TEST(IndexKey, OfATagIsAsPrintedInFormatMd) {
  EXPECT_EQ(tag_key("owner:ann"), 0xE5DEBF32BDE52D87U);
  EXPECT_EQ(static_cast<std::int64_t>(tag_key("owner:ann")), -1882857369539105401);
}

}  // namespace
}  // namespace cairn::log
