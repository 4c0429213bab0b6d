#include "declaration_event.hpp"

#include <fmt/format.h>

namespace travel_expenses {

using cairn::Errc;
using cairn::Error;
using cairn::RecordedEvent;
using cairn::Result;

static_assert(cairn::Encodable<Saved> && cairn::Encodable<Submitted> && cairn::Encodable<Approved> &&
              cairn::Encodable<FinalApproved> && cairn::Encodable<Rejected> && cairn::Encodable<PaymentRequested> &&
              cairn::Encodable<Paid>);

void to_json(nlohmann::json& json, const Step& step) {
  json = {{"amount_cents", step.amount.value}, {"role", step.role}};
}

void from_json(const nlohmann::json& json, Step& step) {
  json.at("amount_cents").get_to(step.amount.value);
  json.at("role").get_to(step.role);
}

namespace {

template <class... Events>
Result<DeclarationEvent> decode_as_one_of(const RecordedEvent& event, std::variant<Events...>*) {
  Result<DeclarationEvent> decoded = Error{
      Errc::unknown_schema, fmt::format("read {}: no declaration has an event of type {}", event.stream, event.type)};
  const auto try_one = [&]<class Event>(std::type_identity<Event>) {
    if (event.type != Event::type) return false;
    decoded = cairn::decode<Event>(event).transform([](Event&& made) { return DeclarationEvent{std::move(made)}; });
    return true;
  };
  static_cast<void>((try_one(std::type_identity<Events>{}) || ...));
  return decoded;
}

}  // namespace

Result<DeclarationEvent> decode_declaration_event(const RecordedEvent& event) {
  return decode_as_one_of(event, static_cast<DeclarationEvent*>(nullptr));
}

const Step& step_of(const DeclarationEvent& event) {
  return std::visit([](const Step& step) -> const Step& { return step; }, event);
}

std::string_view type_of(const DeclarationEvent& event) {
  return std::visit([]<class Event>(const Event&) -> std::string_view { return Event::type; }, event);
}

}  // namespace travel_expenses
