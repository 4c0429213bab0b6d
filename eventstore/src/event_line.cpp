#include "event_line.hpp"

#include <array>
#include <cstdint>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <cairn/core/base64.hpp>

#include "json_scanner.hpp"
#include "json_text.hpp"
#include "rfc3339.hpp"

namespace cairn::log {
namespace {

void append_time(std::string_view name, Timestamp time, std::string& out) {
  if (const auto text = to_rfc3339(time)) {
    fmt::format_to(std::back_inserter(out), ",\"{}\":\"{}\"", name, *text);
  } else {
    fmt::format_to(std::back_inserter(out), ",\"{}\":{}", name, time.time_since_epoch().count());
  }
}

void append_metadata(const Metadata& metadata, std::string& out) {
  if (metadata.occurred_at) append_time("occurred_at", *metadata.occurred_at, out);
  const auto id = [&](const char* name, const std::optional<Uuid>& value) {
    if (value) fmt::format_to(std::back_inserter(out), ",\"{}\":\"{}\"", name, value->to_string());
  };
  id("correlation_id", metadata.correlation_id);
  id("causation_id", metadata.causation_id);
  if (!metadata.tags.empty()) {
    out += ",\"tags\":";
    for (std::size_t i = 0; i < metadata.tags.size(); ++i) {
      out += i == 0 ? '[' : ',';
      append_json_string(metadata.tags[i], out);
    }
    out += ']';
  }
  if (!metadata.headers.empty()) {
    out += ",\"headers\":";
    for (std::size_t i = 0; i < metadata.headers.size(); ++i) {
      out += i == 0 ? "[[" : ",[";
      append_json_string(metadata.headers[i].first, out);
      out += ',';
      append_json_string(metadata.headers[i].second, out);
      out += ']';
    }
    out += ']';
  }
}

// Whether the bytes can stand in a line as they are, and be cut out of it again.
bool fits_a_line(const RecordedEvent& event, std::string_view text) {
  return event.content_type == ContentType::json && text.find_first_of("\r\n") == std::string_view::npos &&
         is_bare_json(text);
}

/// Fills an EventLine member by member.
class LineParser {
 public:
  explicit LineParser(std::string_view line) noexcept : scanner_{line} {}

  Result<EventLine> parse() {
    if (!scanner_.take('{')) return bad();
    if (!scanner_.take_if('}')) {
      do {
        auto name = scanner_.string();
        if (!name || !scanner_.take(':')) return bad();
        if (auto done = member(*name); !done) return std::move(done).error();
      } while (scanner_.take_if(','));
      if (!scanner_.take('}')) return bad();
    }
    if (!scanner_.at_end()) return bad();
    return complete();
  }

 private:
  using Read = Result<void> (LineParser::*)();
  struct Member {
    std::string_view name;
    Read read;
  };

  static constexpr std::size_t members_count = 14;
  static const std::array<Member, members_count>& members() {
    static constexpr std::array<Member, members_count> all{{{"position", &LineParser::read_position},
                                                            {"stream", &LineParser::read_stream},
                                                            {"revision", &LineParser::read_revision},
                                                            {"id", &LineParser::read_id},
                                                            {"type", &LineParser::read_type},
                                                            {"schema_version", &LineParser::read_schema_version},
                                                            {"recorded_at", &LineParser::read_recorded_at},
                                                            {"occurred_at", &LineParser::read_occurred_at},
                                                            {"correlation_id", &LineParser::read_correlation_id},
                                                            {"causation_id", &LineParser::read_causation_id},
                                                            {"tags", &LineParser::read_tags},
                                                            {"headers", &LineParser::read_headers},
                                                            {"content_type", &LineParser::read_content_type},
                                                            {"data", &LineParser::read_data}}};
    return all;
  }

  [[nodiscard]] Error bad() const {
    return Error{Errc::invalid, fmt::format("expected {} at byte {}", scanner_.what(), scanner_.at() + 1)};
  }
  [[nodiscard]] Error bad(std::string_view name, std::string_view why) const {
    return Error{Errc::invalid, fmt::format("\"{}\": {}", name, why)};
  }

  Result<void> member(std::string_view name) {
    // Both say what the data is; one line has one of them.
    const std::string_view slot = name == "data_base64" ? "data" : name;
    for (std::size_t i = 0; i < members_count; ++i) {
      if (members()[i].name != slot) continue;
      if (std::exchange(seen_[i], true)) return bad(slot, "twice");
      return name == slot ? (this->*members()[i].read)() : read_data_base64();
    }
    return Error{Errc::invalid, fmt::format("a member that is not known, before byte {}", scanner_.at() + 1)};
  }

  Result<void> read_position() {  // of the log it comes from; says nothing here
    return scanner_.unsigned_integer() ? Result<void>{} : bad();
  }
  Result<void> read_stream() {
    auto text = scanner_.string();
    if (!text) return bad();
    auto parsed = StreamId::parse(*text);
    if (!parsed) return bad("stream", parsed.error().message());
    stream_ = *std::move(parsed);
    return {};
  }
  Result<void> read_revision() {
    const auto number = scanner_.unsigned_integer();
    if (!number) return bad();
    if (*number >= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return bad("revision", "too large");
    }
    revision_ = Revision{*number};
    return {};
  }
  Result<void> read_id() { return read_uuid("id", event_.id); }
  Result<void> read_type() {
    auto text = scanner_.string();
    if (!text) return bad();
    event_.type = *std::move(text);
    return {};
  }
  Result<void> read_schema_version() {
    const auto number = scanner_.unsigned_integer();
    if (!number) return bad();
    if (*number > std::numeric_limits<std::uint32_t>::max()) return bad("schema_version", "too large");
    event_.schema_version = static_cast<std::uint32_t>(*number);
    return {};
  }
  Result<void> read_recorded_at() { return read_time("recorded_at", recorded_at_); }
  Result<void> read_occurred_at() { return read_time("occurred_at", event_.metadata.occurred_at); }
  Result<void> read_correlation_id() { return read_uuid("correlation_id", event_.metadata.correlation_id.emplace()); }
  Result<void> read_causation_id() { return read_uuid("causation_id", event_.metadata.causation_id.emplace()); }

  Result<void> read_uuid(std::string_view name, Uuid& out) {
    const auto text = scanner_.string();
    if (!text) return bad();
    const auto parsed = Uuid::parse(*text);
    if (!parsed) return bad(name, "no id like 2ed6657d-e927-568b-95e1-2665a8aea6a2");
    out = *parsed;
    return {};
  }
  Result<void> read_time(std::string_view name, std::optional<Timestamp>& out) {
    if (scanner_.peek() != '"') {
      const auto micros = scanner_.integer();
      if (!micros) return bad();
      out = Timestamp{Timestamp::duration{*micros}};
      return {};
    }
    const auto text = scanner_.string();
    if (!text) return bad();
    out = from_rfc3339(*text);
    return out ? Result<void>{} : bad(name, "no time like 2024-01-01T00:00:00.250000Z");
  }
  Result<void> read_tags() {
    return each_of([&]() -> Result<void> {
      auto tag = scanner_.string();
      if (!tag) return bad();
      if (event_.metadata.tags.size() == event_tags_max) return bad("tags", fmt::format("over {}", event_tags_max));
      event_.metadata.tags.push_back(*std::move(tag));
      return {};
    });
  }
  Result<void> read_headers() {
    return each_of([&]() -> Result<void> {
      if (!scanner_.take('[')) return bad();
      auto name = scanner_.string();
      if (!name || !scanner_.take(',')) return bad();
      auto value = scanner_.string();
      if (!value || !scanner_.take(']')) return bad();
      auto& headers = event_.metadata.headers;
      if (headers.size() == event_headers_max) return bad("headers", fmt::format("over {}", event_headers_max));
      headers.emplace_back(*std::move(name), *std::move(value));
      return {};
    });
  }
  template <class F>
  Result<void> each_of(F&& read_one) {
    if (!scanner_.take('[')) return bad();
    if (scanner_.take_if(']')) return {};
    do {
      if (auto done = read_one(); !done) return done;
    } while (scanner_.take_if(','));
    return scanner_.take(']') ? Result<void>{} : bad();
  }
  Result<void> read_content_type() {
    const auto text = scanner_.string();
    if (!text) return bad();
    for (const ContentType type : {ContentType::json, ContentType::protobuf, ContentType::binary}) {
      if (*text != to_string(type)) continue;
      event_.content_type = type;
      return {};
    }
    return bad("content_type", "none of json, protobuf, binary");
  }
  Result<void> read_data() {
    const auto text = scanner_.value();
    if (!text) return bad();
    event_.data = to_bytes(*text);
    data_is_json_ = true;
    return {};
  }
  Result<void> read_data_base64() {
    const auto text = scanner_.string();
    if (!text) return bad();
    auto bytes = from_base64(*text);
    if (!bytes) return bad("data_base64", "no padded base64");
    event_.data = *std::move(bytes);
    return {};
  }

  Result<EventLine> complete() {
    for (const std::string_view needed : {"stream", "revision", "id", "type", "data"}) {
      for (std::size_t i = 0; i < members_count; ++i) {
        if (members()[i].name == needed && !seen_[i]) return bad(needed, "missing");
      }
    }
    if (data_is_json_ && event_.content_type != ContentType::json) {
      return bad("data", "a JSON value, and content_type is another; use data_base64");
    }
    return EventLine{*std::move(stream_), revision_, recorded_at_, std::move(event_)};
  }

  JsonScanner scanner_;
  std::array<bool, members_count> seen_{};
  std::optional<StreamId> stream_;
  Revision revision_;
  std::optional<Timestamp> recorded_at_;
  NewEvent event_;
  bool data_is_json_ = false;
};

}  // namespace

void append_event_line(const RecordedEvent& event, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{{\"position\":{},\"stream\":", event.position.value);
  append_json_string(event.stream, out);
  fmt::format_to(std::back_inserter(out), ",\"revision\":{},\"id\":\"{}\",\"type\":", event.revision.value,
                 event.id.to_string());
  append_json_string(event.type, out);
  fmt::format_to(std::back_inserter(out), ",\"schema_version\":{}", event.schema_version);
  append_time("recorded_at", event.recorded_at, out);
  append_metadata(event.metadata.to_owned(), out);
  fmt::format_to(std::back_inserter(out), ",\"content_type\":\"{}\"", to_string(event.content_type));
  if (const std::string_view text = as_text(event.data); fits_a_line(event, text)) {
    out += ",\"data\":";
    out += text;
  } else {
    out += ",\"data_base64\":\"";
    out += to_base64(event.data);
    out += '"';
  }
  out += "}\n";
}

Result<EventLine> parse_event_line(std::string_view line) { return LineParser{line}.parse(); }

}  // namespace cairn::log
