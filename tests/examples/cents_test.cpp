#include "travel_expenses/cents.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace travel_expenses {
namespace {

TEST(Cents, ReadsEurosWithoutRounding) {
  EXPECT_EQ(Cents::parse("26.85").value().value, 2685);
  EXPECT_EQ(Cents::parse("0.00").value().value, 0);
  EXPECT_EQ(Cents::parse("1234567.09").value().value, 123456709);
}

TEST(Cents, RefusesEverythingElse) {
  for (const std::string_view text : {"", "-10.00", "26,85", "26.8", "26.855", "26", ".85", "1e3.00", " 26.85",
                                      "26.85 ", "+1.00", "1.-5", "9999999999999.00"}) {
    EXPECT_EQ(Cents::parse(text).value_or(Cents{-1}).value, -1) << text;
  }
}

TEST(Cents, PrintsThousandsApart) {
  EXPECT_EQ(Cents{123456709}.to_string(), "1,234,567.09");
  EXPECT_EQ(Cents{5}.to_string(), "0.05");
  EXPECT_EQ(Cents{100'000}.to_string(), "1,000.00");
}

}  // namespace
}  // namespace travel_expenses
