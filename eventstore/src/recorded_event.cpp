#include <cairn/eventstore/recorded_event.hpp>

#include "metadata_codec.hpp"

namespace cairn {
namespace {

using log::MetadataField;
using log::MetadataKind;
using log::MetadataWalker;

std::optional<MetadataField> find_field(BytesView encoded, MetadataKind kind) noexcept {
  MetadataWalker walker{encoded};
  while (const auto field = walker.next()) {
    if (field->kind == kind) return field;
    if (field->kind > kind) break;
  }
  return std::nullopt;
}

std::optional<Uuid> find_uuid(BytesView encoded, MetadataKind kind) noexcept {
  const auto field = find_field(encoded, kind);
  return field ? std::optional{log::metadata_uuid(*field)} : std::nullopt;
}

}  // namespace

std::optional<Uuid> MetadataView::correlation_id() const noexcept {
  return find_uuid(encoded_, MetadataKind::correlation_id);
}

std::optional<Uuid> MetadataView::causation_id() const noexcept {
  return find_uuid(encoded_, MetadataKind::causation_id);
}

std::optional<Timestamp> MetadataView::occurred_at() const noexcept {
  const auto field = find_field(encoded_, MetadataKind::occurred_at);
  return field ? std::optional{log::metadata_timestamp(*field)} : std::nullopt;
}

bool MetadataView::has_tag(std::string_view tag) const noexcept {
  bool found = false;
  log::for_each_tag(encoded_, [&](std::string_view candidate) {
    found = candidate == tag;
    return !found;
  });
  return found;
}

std::optional<std::string_view> MetadataView::header(std::string_view name) const noexcept {
  MetadataWalker walker{encoded_};
  while (const auto field = walker.next()) {
    if (field->kind == MetadataKind::header && field->name == name) return as_text(field->value);
  }
  return std::nullopt;
}

Metadata MetadataView::to_owned() const {
  Metadata metadata;
  MetadataWalker walker{encoded_};
  while (const auto field = walker.next()) log::add_field(*field, metadata);
  return metadata;
}

OwnedEvent::OwnedEvent(const RecordedEvent& event)
    : position{event.position},
      stream{event.stream},
      revision{event.revision},
      id{event.id},
      type{event.type},
      schema_version{event.schema_version},
      content_type{event.content_type},
      recorded_at{event.recorded_at},
      data{event.data.begin(), event.data.end()},
      metadata{event.metadata.to_owned()} {}

}  // namespace cairn
