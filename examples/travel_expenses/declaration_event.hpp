#pragma once

#include <string>
#include <variant>

#include <cairn/core/codec/json.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/recorded_event.hpp>

#include "cents.hpp"

namespace travel_expenses {

/// What every step of a declaration says: who took it (a role; the log names no people) and the amount declared.
struct Step {
  std::string role;
  Cents amount;
};
void to_json(nlohmann::json& json, const Step& step);
void from_json(const nlohmann::json& json, Step& step);

struct Saved : Step {
  static constexpr auto type = "declaration.saved";
};
struct Submitted : Step {
  static constexpr auto type = "declaration.submitted";
};
struct Approved : Step {
  static constexpr auto type = "declaration.approved";
};
/// The supervisor's approval, after which the declaration is paid.
struct FinalApproved : Step {
  static constexpr auto type = "declaration.final_approved";
};
/// Sent back; by the employee: taken back.
struct Rejected : Step {
  static constexpr auto type = "declaration.rejected";
};
struct PaymentRequested : Step {
  static constexpr auto type = "declaration.payment_requested";
};
struct Paid : Step {
  static constexpr auto type = "declaration.paid";
};

using DeclarationEvent = std::variant<Saved, Submitted, Approved, FinalApproved, Rejected, PaymentRequested, Paid>;

/// The stored event as the type it was. Errors: unknown_schema (a type that no declaration has), those of decode<T>.
[[nodiscard]] cairn::Result<DeclarationEvent> decode_declaration_event(const cairn::RecordedEvent& event);

[[nodiscard]] const Step& step_of(const DeclarationEvent& event);
[[nodiscard]] std::string_view type_of(const DeclarationEvent& event);

}  // namespace travel_expenses
