#include "letter_json.hpp"

#include <concepts>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cairn/core/base64.hpp>
#include <cairn/core/utf8.hpp>

#include "letter_tables.hpp"

namespace cairn::letters {

namespace {

using Json = nlohmann::json;

/// Messages come from anywhere; what is no UTF-8 in them is not worth losing a letter over.
std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Reads the fields of one object. The first that is missing or of another kind is the error of the whole.
class Fields {
 public:
  explicit Fields(const Json& object) : object_{object} {}

  template <class T>
  std::optional<T> optional(const char* name) {
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return std::nullopt;
    if (!is<T>(*found)) {
      fail(name, "is of another kind");
      return std::nullopt;
    }
    return found->get<T>();
  }
  template <class T>
  T required(const char* name) {
    auto value = optional<T>(name);
    if (!value) fail(name, "is missing");
    return std::move(value).value_or(T{});
  }
  /// Calls `f(const Json&)` for each element of a list that may be missing.
  template <class F>
  void each(const char* name, F&& f) {
    const auto found = object_.find(name);
    if (found == object_.end()) return;
    if (!found->is_array()) return fail(name, "is no list");
    for (const Json& element : *found) f(element);
  }
  void fail(const char* name, std::string_view what) {
    if (!error_) error_ = Error{Errc::invalid, fmt::format("\"{}\" {}", name, what)};
  }
  /// What `f` gives for a text, which is not required.
  template <class F>
  auto parsed(const char* name, F&& f) -> decltype(f(std::string{})) {
    const auto text = optional<std::string>(name);
    if (!text) return {};
    auto value = f(*text);
    if (!value) fail(name, "is none");
    return value;
  }
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

 private:
  template <class T>
  static bool is(const Json& value) {
    if constexpr (std::same_as<T, std::string>) return value.is_string();
    if constexpr (std::integral<T>) {
      // nlohmann/json keeps what is not negative as unsigned.
      if (value.is_number_unsigned()) return std::in_range<T>(value.get<std::uint64_t>());
      return value.is_number_integer() && std::in_range<T>(value.get<std::int64_t>());
    }
  }

  const Json& object_;
  std::optional<Error> error_;
};

std::optional<Uuid> uuid_from(const std::string& text) {
  const auto id = Uuid::parse(text);
  return id ? std::optional{*id} : std::nullopt;
}

Result<Json> parse_object(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return Error{Errc::invalid, "not JSON"};
  if (!json.is_object()) return Error{Errc::invalid, "no JSON object"};
  return json;
}

Json json_of(const Metadata& metadata) {
  Json json = Json::object();
  if (metadata.correlation_id) json["correlation_id"] = metadata.correlation_id->to_string();
  if (metadata.causation_id) json["causation_id"] = metadata.causation_id->to_string();
  if (metadata.occurred_at) json["occurred_at"] = to_sql(*metadata.occurred_at);
  if (!metadata.tags.empty()) json["tags"] = metadata.tags;
  // A list, because a name may occur twice and their order is kept.
  if (!metadata.headers.empty()) json["headers"] = metadata.headers;
  return json;
}

Result<Metadata> metadata_of(const Json& json) {
  if (!json.is_object()) return Error{Errc::invalid, "\"metadata\" is no object"};
  Metadata metadata;
  Fields fields{json};
  metadata.correlation_id = fields.parsed("correlation_id", uuid_from);
  metadata.causation_id = fields.parsed("causation_id", uuid_from);
  if (const auto micros = fields.optional<std::int64_t>("occurred_at")) metadata.occurred_at = timestamp_from(*micros);
  fields.each("tags", [&](const Json& tag) {
    if (!tag.is_string()) return fields.fail("tags", "has something that is no text");
    metadata.tags.push_back(tag.get<std::string>());
  });
  fields.each("headers", [&](const Json& header) {
    const bool pair = header.is_array() && header.size() == 2 && header[0].is_string() && header[1].is_string();
    if (!pair) return fields.fail("headers", "has something that is no pair of texts");
    metadata.headers.emplace_back(header[0].get<std::string>(), header[1].get<std::string>());
  });
  if (fields.error()) return *fields.error();
  return metadata;
}

void put_bytes(Json& json, const std::string& name, BytesView bytes) {
  const std::string_view text = as_text(bytes);
  if (find_invalid_utf8(text)) {
    json[name + "_base64"] = to_base64(bytes);
  } else {
    json[name] = text;
  }
}

std::optional<Bytes> take_bytes(Fields& fields, const std::string& name) {
  if (auto text = fields.optional<std::string>(name.c_str())) return to_bytes(*text);
  return fields.parsed((name + "_base64").c_str(), [](const std::string& text) { return from_base64(text); });
}

void put_error(Json& json, const std::optional<Error>& error) {
  if (!error) return;
  json["error"] = to_string(error->code());
  json["message"] = error->message();
}

std::optional<Error> take_error(Fields& fields) {
  const auto code = fields.parsed("error", errc_from);
  if (!code) return std::nullopt;
  return Error{*code, fields.required<std::string>("message")};
}

std::optional<LetterState> state_named(std::string_view name) {
  for (const LetterState state : letter_states) {
    if (to_string(state) == name) return state;
  }
  return std::nullopt;
}

std::optional<ContentType> content_type_named(std::string_view name) {
  for (const ContentType type : {ContentType::json, ContentType::protobuf, ContentType::binary}) {
    if (to_string(type) == name) return type;
  }
  return std::nullopt;
}

Json json_of(const LetterAttempt& attempt) {
  Json json{{"started_at", to_sql(attempt.started_at)}, {"took", attempt.took.count()}, {"worker", attempt.worker}};
  put_error(json, attempt.error);
  return json;
}

Json json_of(const EventPlace& event) {
  return {{"stream", event.stream},
          {"revision", event.revision.value},
          {"position", event.position.value},
          {"recorded_at", to_sql(event.recorded_at)}};
}

Result<EventPlace> event_of(const Json& json) {
  if (!json.is_object()) return Error{Errc::invalid, "\"event\" is no object"};
  Fields fields{json};
  EventPlace event{.stream = fields.required<std::string>("stream"),
                   .revision = Revision{fields.required<std::uint64_t>("revision")},
                   .position = GlobalPosition{fields.required<std::uint64_t>("position")},
                   .recorded_at = timestamp_from(fields.required<std::int64_t>("recorded_at"))};
  if (fields.error()) return *fields.error();
  return event;
}

Json json_of(const LetterNote& note) {
  return {{"written_at", to_sql(note.written_at)}, {"author", note.author}, {"text", note.text}};
}

}  // namespace

std::string to_json(const Metadata& metadata) { return text_of(json_of(metadata)); }

Result<Metadata> metadata_from(std::string_view json) {
  return parse_object(json).and_then([](const Json& object) { return metadata_of(object); });
}

std::string to_json(const LetterFilter& filter) {
  Json json = Json::object();
  if (filter.queue) json["queue"] = *filter.queue;
  if (filter.key) json["key"] = *filter.key;
  if (filter.state) json["state"] = to_string(*filter.state);
  if (filter.error) json["error"] = to_string(*filter.error);
  if (filter.cause) json["cause"] = *filter.cause;
  if (filter.parked_from) json["parked_from"] = to_sql(*filter.parked_from);
  if (filter.parked_to) json["parked_to"] = to_sql(*filter.parked_to);
  if (filter.text) json["text"] = *filter.text;
  return text_of(json);
}

Result<LetterFilter> filter_from(std::string_view text) {
  auto json = parse_object(text);
  if (!json) return std::move(json).error();
  Fields fields{*json};
  LetterFilter filter{.queue = fields.optional<std::string>("queue"),
                      .key = fields.optional<std::string>("key"),
                      .state = fields.parsed("state", state_named),
                      .error = fields.parsed("error", errc_from),
                      .cause = fields.optional<std::uint64_t>("cause"),
                      .text = fields.optional<std::string>("text")};
  if (const auto micros = fields.optional<std::int64_t>("parked_from")) filter.parked_from = timestamp_from(*micros);
  if (const auto micros = fields.optional<std::int64_t>("parked_to")) filter.parked_to = timestamp_from(*micros);
  if (fields.error()) return *fields.error();
  return filter;
}

std::string to_json(const DeadLetter& letter) {
  Json json{{"queue", letter.queue},
            {"key", letter.key},
            {"source", letter.source},
            {"item", letter.item.to_string()},
            {"type", letter.type},
            {"schema_version", letter.schema_version},
            {"content_type", to_string(letter.content_type)},
            {"state", to_string(letter.state)},
            {"parked_at", to_sql(letter.parked_at)},
            {"changed_at", to_sql(letter.changed_at)},
            {"metadata", json_of(letter.metadata)}};
  if (letter.event) json["event"] = json_of(*letter.event);
  put_error(json, letter.error);
  put_bytes(json, "payload", letter.payload);
  if (letter.original) put_bytes(json, "original", *letter.original);
  for (const LetterAttempt& attempt : letter.history) json["attempts"].push_back(json_of(attempt));
  for (const LetterNote& note : letter.notes) json["notes"].push_back(json_of(note));
  return text_of(json);
}

Result<DeadLetter> letter_from(std::string_view line) {
  auto json = parse_object(line);
  if (!json) return std::move(json).error();
  Fields fields{*json};
  DeadLetter letter;
  letter.queue = fields.required<std::string>("queue");
  letter.key = fields.required<std::string>("key");
  letter.source = fields.required<std::string>("source");
  letter.item = fields.parsed("item", uuid_from).value_or(Uuid{});
  letter.type = fields.required<std::string>("type");
  letter.schema_version = fields.required<std::uint32_t>("schema_version");
  letter.content_type = fields.parsed("content_type", content_type_named).value_or(ContentType::json);
  letter.state = fields.parsed("state", state_named).value_or(LetterState::parked);
  letter.parked_at = timestamp_from(fields.required<std::int64_t>("parked_at"));
  letter.changed_at = timestamp_from(fields.required<std::int64_t>("changed_at"));
  letter.error = take_error(fields);
  if (auto payload = take_bytes(fields, "payload")) {
    letter.payload = std::move(*payload);
  } else {
    fields.fail("payload", "is missing");
  }
  letter.original = take_bytes(fields, "original");
  fields.each("attempts", [&](const Json& one) {
    if (!one.is_object()) return fields.fail("attempts", "has something that is no object");
    Fields attempt{one};
    letter.history.push_back({.started_at = timestamp_from(attempt.required<std::int64_t>("started_at")),
                              .took = std::chrono::microseconds{attempt.required<std::int64_t>("took")},
                              .worker = attempt.required<std::string>("worker"),
                              .error = take_error(attempt)});
    if (attempt.error()) fields.fail("attempts", attempt.error()->message());
  });
  fields.each("notes", [&](const Json& one) {
    if (!one.is_object()) return fields.fail("notes", "has something that is no object");
    Fields note{one};
    letter.notes.push_back({.written_at = timestamp_from(note.required<std::int64_t>("written_at")),
                            .author = note.required<std::string>("author"),
                            .text = note.required<std::string>("text")});
    if (note.error()) fields.fail("notes", note.error()->message());
  });
  if (fields.error()) return *fields.error();
  if (const auto found = json->find("event"); found != json->end()) {
    auto event = event_of(*found);
    if (!event) return std::move(event).error();
    letter.event = std::move(*event);
  }
  if (const auto found = json->find("metadata"); found != json->end()) {
    auto metadata = metadata_of(*found);
    if (!metadata) return std::move(metadata).error();
    letter.metadata = std::move(*metadata);
  }
  return letter;
}

}  // namespace cairn::letters
