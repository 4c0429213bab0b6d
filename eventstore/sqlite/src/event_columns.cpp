#include "event_columns.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <cairn/core/utf8.hpp>
#include <cairn/core/uuid.hpp>
#include <cairn/eventstore/stream_id.hpp>

#include "json_text.hpp"
#include "metadata_codec.hpp"
#include "rfc3339.hpp"

namespace cairn::events_table {

namespace {

using log::MetadataField;
using log::MetadataKind;
using log::MetadataWalker;

void give(sqlite3_context* context, std::string_view text) {
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void give(sqlite3_context* context, std::uint64_t number) {
  sqlite3_result_int64(context, static_cast<sqlite3_int64>(number));
}

/// As in docs/jsonl.md: years that RFC 3339 has no words for are microseconds.
void give(sqlite3_context* context, Timestamp time) {
  if (const auto text = log::to_rfc3339(time)) {
    give(context, *text);
  } else {
    sqlite3_result_int64(context, time.time_since_epoch().count());
  }
}

std::optional<MetadataField> find(BytesView metadata, MetadataKind kind) {
  MetadataWalker walker{metadata};
  while (const auto field = walker.next()) {
    if (field->kind == kind) return field;
  }
  return std::nullopt;
}

std::string tags_as_json(BytesView metadata) {
  std::string json{"["};
  log::for_each_tag(metadata, [&](std::string_view tag) {
    if (json.size() > 1) json += ',';
    log::append_json_string(tag, json);
    return true;
  });
  json += ']';
  return json;
}

std::string headers_as_json(BytesView metadata) {
  std::string json{"{"};
  MetadataWalker walker{metadata};
  while (const auto field = walker.next()) {
    if (field->kind != MetadataKind::header) continue;
    if (json.size() > 1) json += ',';
    log::append_json_string(field->name, json);
    json += ':';
    log::append_json_string(as_text(field->value), json);
  }
  json += '}';
  return json;
}

/// Text when it says that it is JSON and SQL can hold it as text; else the bytes.
void give_data(sqlite3_context* context, ContentType content_type, BytesView data) {
  const std::string_view text = as_text(data);
  if (content_type == ContentType::json && text.find('\0') == std::string_view::npos && !find_invalid_utf8(text)) {
    give(context, text.empty() ? std::string_view{""} : text);  // a null pointer would be NULL
  } else if (data.empty()) {
    sqlite3_result_zeroblob(context, 0);
  } else {
    sqlite3_result_blob64(context, data.data(), data.size(), SQLITE_TRANSIENT);
  }
}

}  // namespace

Result<void> give_column(EventRows& rows, Column column, sqlite3_context* context) {
  const log::FrameView& frame = rows.frame();
  const auto field = [&](MetadataKind kind, auto value_of) {
    if (const auto found = find(frame.metadata, kind)) give(context, value_of(*found));
  };
  const auto id = [](const MetadataField& found) { return log::metadata_uuid(found).to_string(); };
  switch (column) {
    case Column::position: give(context, rows.position()); break;
    case Column::stream: give(context, frame.stream_name); break;
    case Column::revision: give(context, frame.revision); break;
    case Column::type: {
      const auto type = rows.type();
      if (!type) return type.error();
      give(context, *type);
      break;
    }
    case Column::schema_version: give(context, std::uint64_t{frame.schema_version}); break;
    case Column::category: give(context, StreamId::category_of(frame.stream_name)); break;
    case Column::event_id: give(context, frame.id.to_string()); break;
    case Column::recorded_at: give(context, frame.recorded_at); break;
    case Column::occurred_at: field(MetadataKind::occurred_at, log::metadata_timestamp); break;
    case Column::correlation_id: field(MetadataKind::correlation_id, id); break;
    case Column::causation_id: field(MetadataKind::causation_id, id); break;
    case Column::content_type: give(context, to_string(frame.content_type)); break;
    case Column::tags: give(context, tags_as_json(frame.metadata)); break;
    case Column::headers: give(context, headers_as_json(frame.metadata)); break;
    case Column::data: {
      const auto data = rows.data();
      if (!data) return data.error();
      give_data(context, frame.content_type, *data);
      break;
    }
  }
  return {};
}

}  // namespace cairn::events_table
