#include "declaration.hpp"

#include <fmt/format.h>

namespace travel_expenses {

using cairn::EventStore;
using cairn::RecordedEvent;
using cairn::Result;
using cairn::Revision;
using cairn::StreamId;
using cairn::Timestamp;

void Declaration::evolve(const DeclarationEvent& event) {
  ++events;
  amount = step_of(event).amount;
  std::visit([this](const auto& typed) { on(typed); }, event);
}

void Declaration::on(const Submitted&) {
  ++submissions;
  status = "submitted";
}

void Declaration::on(const Approved& event) {
  ++approvals;
  status = fmt::format("approved by {}", event.role);
}

void Declaration::on(const FinalApproved& event) {
  ++approvals;
  status = fmt::format("finally approved by {}", event.role);
}

void Declaration::on(const Rejected& event) {
  ++rejections;
  status = fmt::format("rejected by {}", event.role);
}

namespace {

Result<void> evolve(Declaration& declaration, const RecordedEvent& recorded) {
  return decode_declaration_event(recorded).transform(
      [&](const DeclarationEvent& event) { declaration.evolve(event); });
}

}  // namespace

Result<Declaration> declaration_at(const EventStore& store, const StreamId& stream, Revision revision) {
  Declaration declaration;
  auto read = store.read_stream(stream, {.to = revision}).for_each([&](const RecordedEvent& recorded) {
    return evolve(declaration, recorded);
  });
  if (!read) return std::move(read).error();
  return declaration;
}

Result<Declaration> declaration_at(const EventStore& store, const StreamId& stream, Timestamp moment) {
  Declaration declaration;
  auto read = store.read_stream(stream).for_each([&](const RecordedEvent& recorded) -> Result<void> {
    if (recorded.metadata.occurred_at() > moment) return {};
    return evolve(declaration, recorded);
  });
  if (!read) return std::move(read).error();
  return declaration;
}

}  // namespace travel_expenses
