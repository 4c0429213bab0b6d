#include <cairn/core/codec.hpp>

#include <string>

#include <fmt/format.h>

namespace cairn::detail {

Result<void> check_shape(const StoredShape& expected, const StoredShape& stored) {
  if (stored.type != expected.type) {
    return Error{Errc::invalid, fmt::format("decode {}: the stored event is {}", expected.type, stored.type)};
  }
  if (stored.schema_version != expected.schema_version) {
    return Error{Errc::unknown_schema, fmt::format("decode {}: stored with schema version {}, known is {}",
                                                   expected.type, stored.schema_version, expected.schema_version)}
        .with("stored_version", stored.schema_version)
        .with("known_version", expected.schema_version);
  }
  if (stored.content_type != expected.content_type) {
    return Error{Errc::unknown_schema, fmt::format("decode {}: stored as {}, known as {}", expected.type,
                                                   to_string(stored.content_type), to_string(expected.content_type))};
  }
  return {};
}

std::string codec_call(std::string_view verb, std::string_view type) { return fmt::format("{} {}", verb, type); }

}  // namespace cairn::detail
