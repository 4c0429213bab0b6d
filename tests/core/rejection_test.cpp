#include <cairn/core/rejection.hpp>

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(Rejection, KeepsItsDetailsWithTheirTypes) {
  const Rejection no{"account.insufficient_funds", {{"balance", 300U}, {"rate", 0.5}, {"currency", "EUR"}}};
  EXPECT_EQ(no.detail<std::int64_t>("balance"), 300);
  EXPECT_EQ(no.detail<double>("rate"), 0.5);
  EXPECT_EQ(no.detail<std::string>("currency"), "EUR");
  EXPECT_EQ(no.detail<double>("balance"), std::nullopt) << "another type";
  EXPECT_EQ(no.detail<std::int64_t>("limit"), std::nullopt) << "no such detail";
}

TEST(Rejection, ReadsAsItsCodeAndDetails) {
  EXPECT_EQ(Rejection{"account.closed"}.to_string(), "account.closed");
  EXPECT_EQ((Rejection{"account.insufficient_funds", {{"balance", 300}, {"currency", "EUR"}}}).to_string(),
            "account.insufficient_funds (balance 300, currency EUR)");
}

}  // namespace
}  // namespace cairn
