#include "metadata_codec.hpp"

#include <array>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include <cairn/core/name.hpp>
#include <cairn/core/utf8.hpp>
#include <cairn/eventstore/new_event.hpp>

#include "copy_bytes.hpp"
#include "little_endian.hpp"

namespace cairn::log {
namespace {

constexpr std::size_t header_value_bytes_max = 65'535;
constexpr std::size_t timestamp_bytes = sizeof(std::int64_t);

Error invalid(std::string message) { return Error{Errc::invalid, std::move(message)}; }

/// "metadata: " and what is wrong with the tags and headers.
Result<void> check_labels(const Metadata& metadata) {
  if (metadata.tags.size() > event_tags_max) {
    return invalid(fmt::format("metadata: {} tags, at most {}", metadata.tags.size(), event_tags_max));
  }
  if (metadata.headers.size() > event_headers_max) {
    return invalid(fmt::format("metadata: {} headers, at most {}", metadata.headers.size(), event_headers_max));
  }
  for (std::size_t i = 0; i < metadata.tags.size(); ++i) {
    if (const std::string problem = problem_of_name(metadata.tags[i]); !problem.empty()) {
      return invalid(fmt::format("metadata: tag {} {}", i + 1, problem));
    }
  }
  for (std::size_t i = 0; i < metadata.headers.size(); ++i) {
    const auto& [name, value] = metadata.headers[i];
    if (const std::string problem = problem_of_name(name); !problem.empty()) {
      return invalid(fmt::format("metadata: the name of header {} {}", i + 1, problem));
    }
    if (value.size() > header_value_bytes_max) {
      return invalid(
          fmt::format("metadata: header {} has {} bytes, at most {}", i + 1, value.size(), header_value_bytes_max));
    }
    if (const auto at = find_invalid_utf8(value)) {
      return invalid(fmt::format("metadata: header {} is not UTF-8 at byte {}", i + 1, *at));
    }
  }
  return {};
}

std::size_t encoded_size(const Metadata& metadata) noexcept {
  std::size_t size = 0;
  if (metadata.correlation_id) size += 1 + Uuid::size;
  if (metadata.causation_id) size += 1 + Uuid::size;
  if (metadata.occurred_at) size += 1 + timestamp_bytes;
  for (const std::string& tag : metadata.tags) size += 2 + tag.size();
  for (const auto& [name, value] : metadata.headers) size += 2 + name.size() + 2 + value.size();
  return size;
}

/// Writes fields one behind the other into bytes that are large enough for all of them.
class FieldWriter {
 public:
  explicit FieldWriter(std::byte* to) noexcept : to_{to} {}

  void uuid(MetadataKind kind, const Uuid& id) noexcept {
    number(static_cast<std::uint8_t>(kind));
    bytes(id.bytes());
  }
  void timestamp(MetadataKind kind, Timestamp at) noexcept {
    number(static_cast<std::uint8_t>(kind));
    number(std::int64_t{at.time_since_epoch().count()});
  }
  void name(MetadataKind kind, std::string_view name) noexcept {
    number(static_cast<std::uint8_t>(kind));
    number(static_cast<std::uint8_t>(name.size()));
    bytes(as_bytes(name));
  }
  void header_value(std::string_view value) noexcept {
    number(static_cast<std::uint16_t>(value.size()));
    bytes(as_bytes(value));
  }

 private:
  template <std::integral Number>
  void number(Number value) noexcept {
    store_little(to_, value);
    to_ += sizeof value;
  }
  void bytes(BytesView bytes) noexcept { to_ = copy_bytes(bytes, to_); }

  std::byte* to_;
};

}  // namespace

Result<void> encode_metadata(const Metadata& metadata, Bytes& out) {
  out.clear();
  if (auto good = check_labels(metadata); !good) return good;
  const std::size_t size = encoded_size(metadata);
  if (size > event_metadata_bytes_max) {
    return invalid(fmt::format("metadata: {} bytes encoded, at most {}", size, event_metadata_bytes_max));
  }
  out.resize(size);
  FieldWriter writer{out.data()};
  if (metadata.correlation_id) writer.uuid(MetadataKind::correlation_id, *metadata.correlation_id);
  if (metadata.causation_id) writer.uuid(MetadataKind::causation_id, *metadata.causation_id);
  if (metadata.occurred_at) writer.timestamp(MetadataKind::occurred_at, *metadata.occurred_at);
  for (const std::string& tag : metadata.tags) writer.name(MetadataKind::tag, tag);
  for (const auto& [name, value] : metadata.headers) {
    writer.name(MetadataKind::header, name);
    writer.header_value(value);
  }
  return {};
}

std::optional<MetadataField> MetadataWalker::next() noexcept {
  const BytesView left = encoded_.subspan(at_);
  if (left.empty()) return std::nullopt;
  const auto number = load_little<std::uint8_t>(left.data());
  if (number < kind_before_) return std::nullopt;

  std::size_t name_begin = 1;
  std::size_t name_size = 0;
  std::size_t value_begin = 1;
  std::size_t value_size = 0;
  const auto kind = static_cast<MetadataKind>(number);
  switch (kind) {
    case MetadataKind::correlation_id:
    case MetadataKind::causation_id:
    case MetadataKind::occurred_at:
      if (number == kind_before_) return std::nullopt;
      value_size = kind == MetadataKind::occurred_at ? timestamp_bytes : Uuid::size;
      break;
    case MetadataKind::tag:
      if (left.size() < 2) return std::nullopt;
      value_begin = 2;
      value_size = load_little<std::uint8_t>(&left[1]);
      break;
    case MetadataKind::header:
      if (left.size() < 2) return std::nullopt;
      name_begin = 2;
      name_size = load_little<std::uint8_t>(&left[1]);
      value_begin = name_begin + name_size + sizeof(std::uint16_t);
      if (left.size() < value_begin) return std::nullopt;
      value_size = load_little<std::uint16_t>(&left[name_begin + name_size]);
      break;
    default: return std::nullopt;
  }
  if (left.size() < value_begin + value_size) return std::nullopt;

  kind_before_ = number;
  at_ += value_begin + value_size;
  return MetadataField{kind, as_text(left.subspan(name_begin, name_size)), left.subspan(value_begin, value_size)};
}

Result<Metadata> decode_metadata(BytesView encoded) {
  Metadata metadata;
  MetadataWalker walker{encoded};
  while (const auto field = walker.next()) add_field(*field, metadata);
  if (!walker.at_end()) {
    return Error{Errc::corrupt,
                 fmt::format("metadata: no field begins at byte {} of {}", walker.offset(), encoded.size())};
  }
  if (encoded.size() > event_metadata_bytes_max) {
    return Error{Errc::corrupt,
                 fmt::format("metadata: {} bytes, at most {}", encoded.size(), event_metadata_bytes_max)};
  }
  // The limits of writing hold for what is read: a value that could not be appended again is no value.
  if (const auto good = check_labels(metadata); !good) return Error{Errc::corrupt, good.error().message()};
  return metadata;
}

void add_field(const MetadataField& field, Metadata& metadata) {
  switch (field.kind) {
    case MetadataKind::correlation_id: metadata.correlation_id = metadata_uuid(field); break;
    case MetadataKind::causation_id: metadata.causation_id = metadata_uuid(field); break;
    case MetadataKind::occurred_at: metadata.occurred_at = metadata_timestamp(field); break;
    case MetadataKind::tag: metadata.tags.emplace_back(as_text(field.value)); break;
    case MetadataKind::header: metadata.headers.emplace_back(field.name, as_text(field.value)); break;
  }
}

Uuid metadata_uuid(const MetadataField& field) noexcept {
  std::array<std::byte, Uuid::size> bytes{};
  std::memcpy(bytes.data(), field.value.data(), bytes.size());
  return Uuid{bytes};
}

Timestamp metadata_timestamp(const MetadataField& field) noexcept {
  return Timestamp{std::chrono::microseconds{load_little<std::int64_t>(field.value.data())}};
}

}  // namespace cairn::log
