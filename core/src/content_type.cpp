#include <cairn/core/content_type.hpp>

namespace cairn {

std::string_view to_string(ContentType type) noexcept {
  switch (type) {
    case ContentType::json: return "json";
    case ContentType::protobuf: return "protobuf";
    case ContentType::binary: return "binary";
  }
  return "unlisted";
}

std::optional<ContentType> content_type_from(std::uint8_t byte) noexcept {
  const auto type = static_cast<ContentType>(byte);
  switch (type) {
    case ContentType::json:
    case ContentType::protobuf:
    case ContentType::binary: return type;
  }
  return std::nullopt;
}

}  // namespace cairn
