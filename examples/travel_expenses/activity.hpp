#pragma once

#include <string_view>

#include "declaration_event.hpp"

namespace travel_expenses {

/// One of the fourteen activities of the source: its name there, the role that does it, and our event for it.
struct Activity {
  std::string_view name;
  std::string_view role;
  std::string_view type;
  DeclarationEvent (*make)(Step step);
};

/// The activity of that name, or null.
[[nodiscard]] const Activity* find_activity(std::string_view name) noexcept;

/// The source's name for what happened; "?" for a step that the source does not know.
[[nodiscard]] std::string_view activity_name(const DeclarationEvent& event) noexcept;
[[nodiscard]] std::string_view activity_name(std::string_view type, std::string_view role) noexcept;

}  // namespace travel_expenses
