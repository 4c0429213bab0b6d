#include <cairn/core/error.hpp>

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(Errc, IsFoundByItsName) {
  for (const Errc code : {Errc::conflict, Errc::outcome_unknown, Errc::cancelled}) {
    EXPECT_EQ(errc_from(to_string(code)), code);
  }
  EXPECT_EQ(errc_from("unlisted"), std::nullopt);
  EXPECT_EQ(errc_from(""), std::nullopt);
}

TEST(Error, CarriesCodeMessageAndNumbers) {
  const Error error =
      Error{Errc::conflict, "append account-42: expected revision 6, actual 7"}.with("actual_revision", 7);
  EXPECT_EQ(error.code(), Errc::conflict);
  EXPECT_EQ(error.to_string(), "conflict: append account-42: expected revision 6, actual 7");
  EXPECT_EQ(error.number("actual_revision"), 7U);
  EXPECT_EQ(error.number("pid"), std::nullopt);
}

}  // namespace
}  // namespace cairn
