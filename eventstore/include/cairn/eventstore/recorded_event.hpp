#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cairn/core/bytes.hpp>
#include <cairn/core/clock.hpp>
#include <cairn/core/codec.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/uuid.hpp>
#include <cairn/eventstore/global_position.hpp>
#include <cairn/eventstore/metadata.hpp>
#include <cairn/eventstore/revision.hpp>

namespace cairn {

/// The metadata of a stored event, decoded on demand from the bytes it is stored in: a view, like the
/// RecordedEvent it belongs to. The bytes were checked against their checksum before they were handed out.
class MetadataView {
 public:
  MetadataView() = default;
  explicit MetadataView(BytesView encoded) noexcept : encoded_{encoded} {}

  [[nodiscard]] std::optional<Uuid> correlation_id() const noexcept;
  [[nodiscard]] std::optional<Uuid> causation_id() const noexcept;
  [[nodiscard]] std::optional<Timestamp> occurred_at() const noexcept;
  [[nodiscard]] bool has_tag(std::string_view tag) const noexcept;
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
  /// Everything, copied.
  [[nodiscard]] Metadata to_owned() const;
  /// As stored (docs/format.md).
  [[nodiscard]] BytesView encoded() const noexcept { return encoded_; }

 private:
  BytesView encoded_;
};

/// An event as the store keeps it. A view: its text and bytes belong to the Reader that handed it out and are
/// good until that reader's next step; OwnedEvent copies.
struct RecordedEvent {
  GlobalPosition position;
  std::string_view stream;
  Revision revision;
  Uuid id;
  std::string_view type;
  std::uint32_t schema_version = 0;
  ContentType content_type = ContentType::json;
  Timestamp recorded_at;  ///< when the store took it; never decreases along the log
  BytesView data;
  MetadataView metadata;
};

/// A RecordedEvent that owns what it holds.
struct OwnedEvent {
  GlobalPosition position;
  std::string stream;
  Revision revision;
  Uuid id;
  std::string type;
  std::uint32_t schema_version = 0;
  ContentType content_type = ContentType::json;
  Timestamp recorded_at;
  Bytes data;
  Metadata metadata;

  OwnedEvent() = default;
  explicit OwnedEvent(const RecordedEvent& event);
  friend bool operator==(const OwnedEvent&, const OwnedEvent&) = default;
};

/// The event's data as a `T` (Codec<T>). Errors: invalid (another type, or bytes that are no T), unknown_schema
/// (another schema version).
template <class T>
Result<T> decode(const RecordedEvent& event) {
  return Codec<T>::decode(event.type, event.schema_version, event.content_type, event.data);
}

}  // namespace cairn
