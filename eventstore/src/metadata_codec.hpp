#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <cairn/core/bytes.hpp>
#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/uuid.hpp>
#include <cairn/eventstore/metadata.hpp>

namespace cairn::log {

/// Metadata as bytes: docs/format.md, "Metadata". `out` is overwritten.
/// Errors: invalid (too many or malformed tags or headers, or larger than event_metadata_bytes_max; says which).
Result<void> encode_metadata(const Metadata& metadata, Bytes& out);

/// Errors: corrupt (bytes that encode_metadata cannot have produced). Used by verify and import; MetadataView reads
/// on demand.
[[nodiscard]] Result<Metadata> decode_metadata(BytesView encoded);

/// What a field is about. The numbers are on disk and never change meaning.
enum class MetadataKind : std::uint8_t { correlation_id = 1, causation_id = 2, occurred_at = 3, tag = 4, header = 5 };

/// One field, pointing into the bytes it was read from.
struct MetadataField {
  MetadataKind kind;
  std::string_view name;  ///< of a header; empty otherwise
  BytesView value;        ///< 16 bytes of an id, 8 of occurred_at, or text
};

/// Goes through encoded metadata field by field, and never reads outside it: bytes that are no metadata end the
/// walk where they stop making sense.
class MetadataWalker {
 public:
  explicit MetadataWalker(BytesView encoded) noexcept : encoded_{encoded} {}

  /// The next field, or nothing at the end.
  [[nodiscard]] std::optional<MetadataField> next() noexcept;
  /// After next() returned nothing: whether all bytes were read.
  [[nodiscard]] bool at_end() const noexcept { return at_ == encoded_.size(); }
  /// Where the next field begins.
  [[nodiscard]] std::size_t offset() const noexcept { return at_; }

 private:
  BytesView encoded_;
  std::size_t at_ = 0;
  std::uint8_t kind_before_ = 0;
};

/// Calls `on_tag(std::string_view)` for each tag; `on_tag` returns false to stop.
template <class OnTag>
void for_each_tag(BytesView encoded, OnTag&& on_tag) {
  MetadataWalker walker{encoded};
  while (const auto field = walker.next()) {
    if (field->kind > MetadataKind::tag) return;
    if (field->kind == MetadataKind::tag && !on_tag(as_text(field->value))) return;
  }
}

/// The value of a field the walker handed out; `kind` says which of the two it has.
[[nodiscard]] Uuid metadata_uuid(const MetadataField& field) noexcept;
[[nodiscard]] Timestamp metadata_timestamp(const MetadataField& field) noexcept;
/// Copies the field to where it belongs in `metadata`.
void add_field(const MetadataField& field, Metadata& metadata);

}  // namespace cairn::log
