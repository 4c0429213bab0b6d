#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <cairn/core/clock.hpp>
#include <cairn/core/uuid.hpp>

namespace cairn {

/// What is said about an event beside its data. Everything is optional; tags and headers are stored in plain text.
struct Metadata {
  // `{}` here and in the other structs: without it `Metadata{.tags = ...}` is a warning of gcc's -Wextra.
  std::optional<Uuid> correlation_id{};    ///< the whole conversation
  std::optional<Uuid> causation_id{};      ///< the message that caused this one
  std::optional<Timestamp> occurred_at{};  ///< event time: when it happened out there; the store adds recorded_at
  /// Indexed labels for conditional appends and filters ("email:ann@example.org"): at most 64, each 1 to 255
  /// bytes of UTF-8, no control characters.
  std::vector<std::string> tags{};
  /// Anything else ("traceparent"): at most 64, names 1 to 255 bytes, values at most 65,535 bytes of UTF-8.
  std::vector<std::pair<std::string, std::string>> headers{};

  friend bool operator==(const Metadata&, const Metadata&) = default;
};

}  // namespace cairn
