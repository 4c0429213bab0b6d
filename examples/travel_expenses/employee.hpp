#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include <cairn/core/codec/json.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/sealed.hpp>
#include <cairn/eventstore/subject_keys.hpp>

namespace travel_expenses {

/// Whoever hands in a declaration. The source names no people, so this one is made up.
struct EmployeeRegistered {
  static constexpr auto type = "employee.registered";
  std::string department;
  cairn::Sealed<std::string> name;  ///< readable until the employee is erased
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EmployeeRegistered, department, name)

/// Registers the employee once; a second call changes nothing. Errors: those of sealing and appending.
[[nodiscard]] cairn::Result<void> register_employee(cairn::EventStore& store, cairn::SubjectKeys& keys);
/// "Ann Example, Mathematics", or "(erased), Mathematics". Errors: those of reading and unsealing.
[[nodiscard]] cairn::Result<std::string> employee_text(const cairn::EventStore& store, cairn::SubjectKeys& keys);
/// Whose key it is.
[[nodiscard]] cairn::SubjectId employee_subject();

}  // namespace travel_expenses
