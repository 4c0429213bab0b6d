#include "timestamp.hpp"

#include <algorithm>
#include <sstream>

#include <date/date.h>

namespace travel_expenses {

using cairn::Errc;
using cairn::Error;
using cairn::Result;
using cairn::Timestamp;

namespace {

/// date::from_stream takes "2017-1-9" and stops early at what it does not know; the shape is checked before it.
/// 'd' stands for a digit.
bool has_shape(std::string_view text, std::string_view shape) {
  return std::ranges::equal(text, shape, [](char c, char s) { return s == 'd' ? c >= '0' && c <= '9' : c == s; });
}

bool is_rfc3339(std::string_view text) {
  constexpr std::string_view seconds = "dddd-dd-ddTdd:dd:dd";
  if (!has_shape(text.substr(0, seconds.size()), seconds)) return false;
  std::string_view rest = text.substr(seconds.size());
  if (rest.starts_with('.')) {
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789", 1), rest.size()) - 1;
    if (digits < 1 || digits > 6) return false;
    rest.remove_prefix(1 + digits);
  }
  // Its minutes are below 60, which from_stream does not ask.
  return (has_shape(rest, "+dd:dd") || has_shape(rest, "-dd:dd")) && rest[4] < '6';
}

std::string formatted(const char* form, Timestamp time) {
  return date::format(form, std::chrono::floor<std::chrono::seconds>(time));
}

}  // namespace

Result<Timestamp> parse_timestamp(std::string_view text) {
  if (!is_rfc3339(text)) return Error{Errc::invalid, "time is not of the form 2017-01-09T09:49:50.000+01:00"};
  std::istringstream in{std::string{text}};
  Timestamp time{};
  date::from_stream(in, "%FT%T%Ez", time);
  if (in.fail()) return Error{Errc::invalid, "time is on no calendar or clock"};
  return time;
}

std::string minute_text(Timestamp time) { return formatted("%F %H:%M", time); }
std::string day_text(Timestamp time) { return formatted("%F", time); }
std::string month_text(Timestamp time) { return formatted("%Y-%m", time); }

}  // namespace travel_expenses
