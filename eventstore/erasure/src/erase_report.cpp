#include <cairn/eventstore/erase_report.hpp>

#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace cairn {

std::string_view to_string(EraseReport::Outcome outcome) noexcept {
  switch (outcome) {
    case EraseReport::Outcome::key_destroyed: return "key destroyed";
    case EraseReport::Outcome::already_erased: return "already erased";
    case EraseReport::Outcome::nothing_sealed: return "nothing was sealed, remembered as erased";
  }
  return "";
}

std::string EraseReport::to_string() const {
  return fmt::format("{} at {:%Y-%m-%dT%H:%M:%S}Z", cairn::to_string(outcome),
                     std::chrono::floor<std::chrono::seconds>(erased_at));
}

}  // namespace cairn
