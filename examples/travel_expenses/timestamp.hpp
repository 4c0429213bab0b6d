#pragma once

#include <string>
#include <string_view>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>

namespace travel_expenses {

/// Reads "2017-01-09T09:49:50.000+01:00" (RFC 3339 with a numeric offset): the moment, whatever zone it was written in.
/// The fraction may be absent or have up to six digits. Errors: invalid.
[[nodiscard]] cairn::Result<cairn::Timestamp> parse_timestamp(std::string_view text);

/// "2017-01-09 08:49", in UTC.
[[nodiscard]] std::string minute_text(cairn::Timestamp time);
/// "2017-01-09", in UTC.
[[nodiscard]] std::string day_text(cairn::Timestamp time);
/// "2017-01", in UTC.
[[nodiscard]] std::string month_text(cairn::Timestamp time);

}  // namespace travel_expenses
