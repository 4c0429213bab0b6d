#include "declaration_row.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include <cairn/core/utf8.hpp>

#include "activity.hpp"
#include "timestamp.hpp"

namespace travel_expenses {

using cairn::Bytes;
using cairn::Errc;
using cairn::Error;
using cairn::NewEvent;
using cairn::Result;
using cairn::StreamId;
using cairn::Timestamp;
using cairn::Uuid;

namespace {

Error bad(std::string reason) { return {Errc::invalid, std::move(reason)}; }

/// The name space of the source's event ids: the version 5 id of its DOI's address.
const Uuid& source_space() {
  static const Uuid url_space = Uuid::parse("6ba7b811-9dad-11d1-80b4-00c04fd430c8").value();  // RFC 9562, section 6.6
  static const Uuid space =
      Uuid::from_name(url_space, "https://doi.org/10.4121/uuid:52fb97d4-4588-43c9-9d04-3604d4613b51");
  return space;
}

Result<void> check_text(std::span<const std::string> fields) {
  if (fields.size() != row_columns.size()) {
    return bad(fmt::format("{} columns, expected {}", fields.size(), row_columns.size()));
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (const auto at = cairn::find_invalid_utf8(fields[i])) {
      return bad(fmt::format("{} is not UTF-8 from its byte {} on", row_columns[i], *at + 1));
    }
  }
  return {};
}

/// All of `text` as a number of at most 18 digits.
Result<std::uint64_t> parse_number(std::string_view text, std::string_view what) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || text.size() > 18 || error != std::errc{} || stop != end) {
    return bad(fmt::format("{} is not a number", what));
  }
  return number;
}

Result<StreamId> parse_case(std::string_view text) {
  constexpr std::string_view prefix = "declaration";
  if (!text.starts_with(prefix)) return bad("case_id is not of the form declaration86791");
  const std::string_view number = text.substr(prefix.size());
  if (auto good = parse_number(number, "what follows declaration in case_id"); !good) return std::move(good).error();
  return StreamId::of(prefix, number);
}

Result<DeclarationEvent> parse_event(std::string_view name, std::string_view role, std::string_view amount) {
  const Activity* activity = find_activity(name);
  if (activity == nullptr) return bad("unknown activity");
  if (role != activity->role) return bad(fmt::format("role is not {}, who does \"{}\"", activity->role, name));
  const auto cents = Cents::parse(amount);
  if (!cents) return cents.error();
  return activity->make({.role = std::string{role}, .amount = *cents});
}

}  // namespace

Result<DeclarationRow> DeclarationRow::from_fields(std::span<const std::string> fields) {
  if (auto good = check_text(fields); !good) return std::move(good).error();
  const auto time = parse_timestamp(fields[0]);
  if (!time) return time.error();
  const auto stream = parse_case(fields[1]);
  if (!stream) return stream.error();
  const auto place = parse_number(fields[2], "seq");
  if (!place) return place.error();
  if (fields[3].empty()) return bad("event_id is empty");
  auto event = parse_event(fields[4], fields[5], fields[6]);
  if (!event) return std::move(event).error();
  return DeclarationRow{.stream = *stream,
                        .place = *place,
                        .event_id = Uuid::from_name(source_space(), fields[3]),
                        .occurred_at = *time,
                        .event = std::move(*event)};
}

Result<NewEvent> DeclarationRow::to_new_event() const {
  const auto encode = [this]<class Event>(const Event& typed) -> Result<NewEvent> {
    auto data = cairn::Codec<Event>::encode(typed);
    if (!data) return std::move(data).error();
    return NewEvent{.id = event_id,
                    .type = Event::type,
                    .content_type = cairn::Codec<Event>::content_type,
                    .data = std::move(*data),
                    .metadata = {.occurred_at = occurred_at}};
  };
  return std::visit(encode, event);
}

}  // namespace travel_expenses
