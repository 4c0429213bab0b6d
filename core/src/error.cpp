#include <cairn/core/error.hpp>

#include <cairn/core/rejection.hpp>

namespace cairn {

std::string_view to_string(Errc code) noexcept {
  switch (code) {
    case Errc::conflict: return "conflict";
    case Errc::already_exists: return "already_exists";
    case Errc::unavailable: return "unavailable";
    case Errc::timeout: return "timeout";
    case Errc::outcome_unknown: return "outcome_unknown";
    case Errc::fenced: return "fenced";
    case Errc::storage_full: return "storage_full";
    case Errc::busy_owner: return "busy_owner";
    case Errc::rejected: return "rejected";
    case Errc::invalid: return "invalid";
    case Errc::too_broad: return "too_broad";
    case Errc::not_found: return "not_found";
    case Errc::stream_deleted: return "stream_deleted";
    case Errc::unknown_schema: return "unknown_schema";
    case Errc::handler_failed: return "handler_failed";
    case Errc::corrupt: return "corrupt";
    case Errc::cancelled: return "cancelled";
  }
  return "unlisted";
}

std::optional<Errc> errc_from(std::string_view name) noexcept {
  for (auto number = std::uint8_t{0}; number <= static_cast<std::uint8_t>(Errc::cancelled); ++number) {
    if (to_string(static_cast<Errc>(number)) == name) return static_cast<Errc>(number);
  }
  return std::nullopt;
}

Error Error::with(std::string_view name, std::uint64_t value) && {
  numbers_.emplace_back(name, value);
  return std::move(*this);
}

Error Error::with(Rejection rejection) && {
  rejection_ = std::make_shared<const Rejection>(std::move(rejection));
  return std::move(*this);
}

bool operator==(const Error& left, const Error& right) {
  const Rejection* const one = left.rejection();
  const Rejection* const other = right.rejection();
  return left.code_ == right.code_ && left.message_ == right.message_ && left.numbers_ == right.numbers_ &&
         (one == nullptr || other == nullptr ? one == other : *one == *other);
}

std::optional<std::uint64_t> Error::number(std::string_view name) const noexcept {
  for (const auto& [key, value] : numbers_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string Error::to_string() const {
  std::string text{cairn::to_string(code_)};
  text += ": ";
  text += message_;
  return text;
}

}  // namespace cairn
