#include <cairn/core/error.hpp>

#include <gtest/gtest.h>

#include <cairn/core/rejection.hpp>

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
  EXPECT_EQ(error.rejection(), nullptr);
}

TEST(Error, CarriesWhyTheDomainSaidNo) {
  const auto refusal = [](std::int64_t balance) {
    return Error{Errc::rejected, "withdraw account-42"}.with(
        Rejection{"account.insufficient_funds", {{"balance", balance}}});
  };
  const Error copy = refusal(300);
  ASSERT_NE(copy.rejection(), nullptr);
  EXPECT_EQ(copy.rejection()->code(), "account.insufficient_funds");
  EXPECT_EQ(copy, refusal(300));
  EXPECT_NE(copy, refusal(301));
  EXPECT_NE(copy, (Error{Errc::rejected, "withdraw account-42"}));
}

}  // namespace
}  // namespace cairn
