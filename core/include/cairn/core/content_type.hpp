#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cairn {

/// What an event's data bytes are. Stored as one byte: the values never change meaning.
enum class ContentType : std::uint8_t {
  json = 1,      ///< UTF-8 JSON text
  protobuf = 2,  ///< a Protobuf message
  binary = 3,    ///< whatever the event's own encode() made
};

/// The enumerator's name, for example "json".
[[nodiscard]] std::string_view to_string(ContentType type) noexcept;
/// The content type stored as `byte`; nothing when no version of this library ever wrote that.
[[nodiscard]] std::optional<ContentType> content_type_from(std::uint8_t byte) noexcept;

}  // namespace cairn
