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

void to_json(nlohmann::json& json, const Declaration& declaration) {
  json = {{"amount_cents", declaration.amount.value},
          {"approvals", declaration.approvals},
          {"events", declaration.events},
          {"rejections", declaration.rejections},
          {"status", declaration.status},
          {"submissions", declaration.submissions}};
}

void from_json(const nlohmann::json& json, Declaration& declaration) {
  json.at("amount_cents").get_to(declaration.amount.value);
  json.at("approvals").get_to(declaration.approvals);
  json.at("events").get_to(declaration.events);
  json.at("rejections").get_to(declaration.rejections);
  json.at("status").get_to(declaration.status);
  json.at("submissions").get_to(declaration.submissions);
}

Result<Declaration> declaration_at(const EventStore& store, const StreamId& stream, Revision revision) {
  Declaration declaration;
  auto read = store.read_stream(stream, {.to = revision}).for_each([&](const RecordedEvent& recorded) {
    return cairn::evolve(declaration, recorded);
  });
  if (!read) return std::move(read).error();
  return declaration;
}

Result<Declaration> declaration_at(const EventStore& store, const StreamId& stream, Timestamp moment) {
  Declaration declaration;
  auto read = store.read_stream(stream).for_each([&](const RecordedEvent& recorded) -> Result<void> {
    if (recorded.metadata.occurred_at() > moment) return {};
    return cairn::evolve(declaration, recorded);
  });
  if (!read) return std::move(read).error();
  return declaration;
}

}  // namespace travel_expenses
