#include "rfc3339.hpp"

#include <chrono>
#include <cstdint>

#include <fmt/format.h>

namespace cairn::log {
namespace {

using std::chrono::days;
using std::chrono::microseconds;

constexpr auto first_day = std::chrono::sys_days{std::chrono::year{0} / 1 / 1};
constexpr auto last_day = std::chrono::sys_days{std::chrono::year{9999} / 12 / 31};

/// Reads digits of a text at fixed places.
class Digits {
 public:
  explicit Digits(std::string_view text) noexcept : text_{text} {}
  int number(std::size_t at, std::size_t count) noexcept {
    int value = 0;
    for (const char digit : text_.substr(at, count)) {
      if (digit < '0' || digit > '9') good_ = false;
      value = value * 10 + (digit - '0');
    }
    return value;
  }
  [[nodiscard]] bool good() const noexcept { return good_; }

 private:
  std::string_view text_;
  bool good_ = true;
};

}  // namespace

std::optional<std::string> to_rfc3339(Timestamp time) {
  const auto day = std::chrono::floor<days>(time);
  if (day < first_day || day > last_day) return std::nullopt;
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::optional<Timestamp> from_rfc3339(std::string_view text) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= shape.size() || !text.ends_with('Z')) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != 'd' && shape[i] != text[i]) return std::nullopt;
  }
  std::string_view fraction = text.substr(shape.size(), text.size() - shape.size() - 1);
  if (!fraction.empty() && (fraction[0] != '.' || fraction.size() < 2 || fraction.size() > 7)) return std::nullopt;
  if (!fraction.empty()) fraction.remove_prefix(1);

  Digits digits{text};
  const std::chrono::year_month_day date{std::chrono::year{digits.number(0, 4)},
                                         std::chrono::month{static_cast<unsigned>(digits.number(5, 2))},
                                         std::chrono::day{static_cast<unsigned>(digits.number(8, 2))}};
  const int hour = digits.number(11, 2);
  const int minute = digits.number(14, 2);
  const int second = digits.number(17, 2);
  Digits fraction_digits{fraction};
  std::int64_t micros = fraction_digits.number(0, fraction.size());
  for (std::size_t i = fraction.size(); i < 6; ++i) micros *= 10;
  if (!digits.good() || !fraction_digits.good() || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second} + microseconds{micros};
}

}  // namespace cairn::log
