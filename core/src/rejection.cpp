#include <cairn/core/rejection.hpp>

#include <fmt/format.h>

namespace cairn {

std::string Rejection::to_string() const {
  if (details_.empty()) return code_;
  std::string text = code_;
  const char* before = " (";
  for (const RejectionDetail& detail : details_) {
    text += before + detail.name + ' ';
    text += std::visit([](const auto& value) { return fmt::format("{}", value); }, detail.value);
    before = ", ";
  }
  return text + ')';
}

}  // namespace cairn
