#pragma once

#include <string>
#include <vector>

namespace cairn {

/// One way for an event to match: its type is among `types` (empty: any type) and it carries all of `tags`.
struct EventQueryItem {
  std::vector<std::string> types{};
  std::vector<std::string> tags{};
  friend bool operator==(const EventQueryItem&, const EventQueryItem&) = default;
};

/// A set of items, OR-ed; the query of a dynamic consistency boundary (https://dcb.events/specification/).
/// No items means "no restriction" in a filter and "no condition" in an append.
struct EventQuery {
  std::vector<EventQueryItem> items;

  [[nodiscard]] bool empty() const noexcept { return items.empty(); }
  /// Any of these types: `EventQuery::types({"account.opened"})`.
  [[nodiscard]] static EventQuery types(std::vector<std::string> types) { return {{{std::move(types), {}}}}; }
  /// All of these tags.
  [[nodiscard]] static EventQuery tags(std::vector<std::string> tags) { return {{{{}, std::move(tags)}}}; }
  friend bool operator==(const EventQuery&, const EventQuery&) = default;
};

}  // namespace cairn
