#include "activity.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace travel_expenses {
namespace {

template <class Event>
constexpr Activity activity(std::string_view name, std::string_view role) {
  return {name, role, Event::type, [](Step step) -> DeclarationEvent { return Event{std::move(step)}; }};
}

constexpr std::array activities{
    activity<Saved>("Declaration SAVED by EMPLOYEE", "EMPLOYEE"),
    activity<Submitted>("Declaration SUBMITTED by EMPLOYEE", "EMPLOYEE"),
    activity<Approved>("Declaration APPROVED by PRE_APPROVER", "PRE_APPROVER"),
    activity<Approved>("Declaration APPROVED by ADMINISTRATION", "ADMINISTRATION"),
    activity<Approved>("Declaration APPROVED by BUDGET OWNER", "BUDGET OWNER"),
    activity<FinalApproved>("Declaration FINAL_APPROVED by SUPERVISOR", "SUPERVISOR"),
    activity<Rejected>("Declaration REJECTED by EMPLOYEE", "EMPLOYEE"),
    activity<Rejected>("Declaration REJECTED by PRE_APPROVER", "PRE_APPROVER"),
    activity<Rejected>("Declaration REJECTED by ADMINISTRATION", "ADMINISTRATION"),
    activity<Rejected>("Declaration REJECTED by BUDGET OWNER", "BUDGET OWNER"),
    activity<Rejected>("Declaration REJECTED by SUPERVISOR", "SUPERVISOR"),
    activity<Rejected>("Declaration REJECTED by MISSING", "MISSING"),
    activity<PaymentRequested>("Request Payment", "UNDEFINED"),
    activity<Paid>("Payment Handled", "UNDEFINED"),
};

}  // namespace

const Activity* find_activity(std::string_view name) noexcept {
  const auto found = std::ranges::find(activities, name, &Activity::name);
  return found == activities.end() ? nullptr : &*found;
}

std::string_view activity_name(std::string_view type, std::string_view role) noexcept {
  const auto found =
      std::ranges::find_if(activities, [&](const Activity& one) { return one.type == type && one.role == role; });
  return found == activities.end() ? "?" : found->name;
}

std::string_view activity_name(const DeclarationEvent& event) noexcept {
  return activity_name(type_of(event), step_of(event).role);
}

}  // namespace travel_expenses
