#include "travel_expenses/timestamp.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace travel_expenses {
namespace {

using namespace std::chrono_literals;

cairn::Timestamp utc(std::chrono::year_month_day day, std::chrono::microseconds time) {
  return std::chrono::sys_days{day} + time;
}

TEST(ParseTimestamp, TakesTheOffsetOff) {
  using std::chrono::January;
  const auto nine_january = std::chrono::year{2017} / January / 9;
  EXPECT_EQ(parse_timestamp("2017-01-09T09:49:50.000+01:00").value(), utc(nine_january, 8h + 49min + 50s));
  EXPECT_EQ(parse_timestamp("2017-01-09T09:49:50-03:30").value(), utc(nine_january, 13h + 19min + 50s));
  EXPECT_EQ(parse_timestamp("2017-01-09T00:30:00+02:00").value(),
            utc(std::chrono::year{2017} / January / 8, 22h + 30min));
}

TEST(ParseTimestamp, KeepsTheFractionToTheMicrosecond) {
  const auto day = std::chrono::year{2017} / 1 / 9;
  EXPECT_EQ(parse_timestamp("2017-01-09T09:49:50.123456+00:00").value(), utc(day, 9h + 49min + 50s + 123456us));
  EXPECT_EQ(parse_timestamp("2017-01-09T09:49:50.5+00:00").value(), utc(day, 9h + 49min + 50s + 500ms));
}

TEST(ParseTimestamp, RefusesWhatIsNoMoment) {
  for (const std::string_view text :
       {"", "yesterday", "2017-01-09", "2017-01-09T09:49:50", "2017-01-09T09:49:50Z", "2017-1-9T09:49:50+01:00",
        "2017-01-09 09:49:50+01:00", "2017-01-09T09:49:50+0100", "2017-01-09T09:49:50.+01:00",
        "2017-01-09T09:49:50.1234567+01:00", "2017-01-09T09:49:50+01:00 ", "2017-02-29T09:49:50+01:00",
        "2017-13-01T09:49:50+01:00", "2017-01-00T09:49:50+01:00", "2017-01-09T24:00:00+01:00",
        "2017-01-09T09:60:00+01:00", "2017-01-09T09:49:61+01:00", "2017-01-09T09:49:50+01:60"}) {
    EXPECT_FALSE(parse_timestamp(text).has_value()) << text;
  }
}

TEST(TimestampText, IsInUtc) {
  const auto time = parse_timestamp("2017-02-01T00:59:59.999+01:00").value();
  EXPECT_EQ(minute_text(time), "2017-01-31 23:59");
  EXPECT_EQ(day_text(time), "2017-01-31");
  EXPECT_EQ(month_text(time), "2017-01");
}

}  // namespace
}  // namespace travel_expenses
