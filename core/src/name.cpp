#include <cairn/core/name.hpp>

#include <fmt/format.h>

#include <cairn/core/utf8.hpp>

namespace cairn {

Result<void> check_name(std::string_view what, std::string_view text) {
  const std::string problem = problem_of_name(text);
  if (problem.empty()) return {};
  return Error{Errc::invalid, fmt::format("{} {}", what, problem)};
}

std::string problem_of_name(std::string_view text) {
  if (text.empty()) return "is empty";
  if (text.size() > name_bytes_max) return fmt::format("has {} bytes, at most {}", text.size(), name_bytes_max);
  if (const auto at = find_invalid_utf8(text)) return fmt::format("is not UTF-8 at byte {}", *at);
  if (const auto at = find_control_character(text)) return fmt::format("has a control character at byte {}", *at);
  return {};
}

}  // namespace cairn
