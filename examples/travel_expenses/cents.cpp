#include "cents.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "grouped.hpp"

namespace travel_expenses {

using cairn::Errc;
using cairn::Error;
using cairn::Result;

Result<Cents> Cents::parse(std::string_view euros) {
  if (euros.empty()) return Error{Errc::invalid, "amount is empty"};
  if (euros.front() == '-') return Error{Errc::invalid, "amount is negative"};
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::size_t point = euros.size() < 4 ? 0 : euros.size() - 3;
  const bool shaped = point > 0 && euros[point] == '.' && std::ranges::all_of(euros.substr(0, point), is_digit) &&
                      std::ranges::all_of(euros.substr(point + 1), is_digit);
  if (!shaped) return Error{Errc::invalid, "amount is not of the form 26.85"};
  // 12 digits before the point leave room to add up ten thousand such amounts.
  if (point > 12) return Error{Errc::invalid, "amount is larger than anyone travels for"};
  std::int64_t whole = 0;
  std::int64_t part = 0;
  std::from_chars(euros.data(), euros.data() + point, whole);
  std::from_chars(euros.data() + point + 1, euros.data() + euros.size(), part);
  return Cents{whole * 100 + part};
}

std::string Cents::to_string() const {
  return fmt::format("{}.{:02}", grouped(static_cast<std::uint64_t>(value / 100)), value % 100);
}

}  // namespace travel_expenses
