#pragma once

#include <string_view>

#include <cairn/core/bytes.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/metadata.hpp>

namespace cairn::log {

/// Metadata as bytes: docs/format.md, "Metadata". `out` is overwritten.
/// Errors: invalid (too many or malformed tags or headers, or larger than event_metadata_bytes_max; says which).
Result<void> encode_metadata(const Metadata& metadata, Bytes& out);

/// Errors: corrupt (bytes that encode_metadata cannot have produced). Used by verify and import; MetadataView reads on demand.
[[nodiscard]] Result<Metadata> decode_metadata(BytesView encoded);

/// Calls `on_tag(std::string_view)` for each tag; `on_tag` returns false to stop.
template <class OnTag>
void for_each_tag(BytesView encoded, OnTag&& on_tag);

/// Errors: invalid, saying what is wrong with `text` ("is empty", "has a control character at byte 3", ...).
/// The rule of stream names, types and tags: 1 to 255 bytes of UTF-8, no control characters (U+0000 to U+001F, U+007F to U+009F).
Result<void> check_name(std::string_view what, std::string_view text);

}  // namespace cairn::log
