#include "employee.hpp"

#include <utility>

#include <fmt/format.h>

namespace travel_expenses {

using cairn::Errc;
using cairn::Error;
using cairn::EventStore;
using cairn::ExpectedRevision;
using cairn::RecordedEvent;
using cairn::Result;
using cairn::StreamId;
using cairn::SubjectId;
using cairn::SubjectKeys;

namespace {

StreamId employee_stream() { return StreamId{"employee-4711"}; }

}  // namespace

SubjectId employee_subject() { return {"employee-4711"}; }

Result<void> register_employee(EventStore& store, SubjectKeys& keys) {
  const auto head = store.stream_head(employee_stream());
  if (!head) return head.error();
  if (*head) return {};
  auto name = keys.seal(employee_subject(), "Ann Example");
  if (!name) return std::move(name).error();
  const auto event = store.new_event(EmployeeRegistered{"Mathematics", *std::move(name)});
  if (!event) return event.error();
  auto appended = store.append(employee_stream(), ExpectedRevision::no_stream(), *event);
  if (!appended) return std::move(appended).error();
  return {};
}

Result<std::string> employee_text(const EventStore& store, SubjectKeys& keys) {
  Result<std::string> text = Error{Errc::not_found, "read the employee: nobody is registered"};
  auto read = store.read_stream(employee_stream()).for_each([&](const RecordedEvent& recorded) -> Result<void> {
    const auto event = cairn::decode<EmployeeRegistered>(recorded);
    if (!event) return event.error();
    const auto name = keys.unseal(event->name);
    if (!name) return name.error();
    text = fmt::format("{}, {}", name->value_or("(erased)"), event->department);
    return {};
  });
  if (!read) return std::move(read).error();
  return text;
}

}  // namespace travel_expenses
