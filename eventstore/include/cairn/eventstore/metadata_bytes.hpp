#pragma once

#include <cairn/core/bytes.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/metadata.hpp>

namespace cairn {

/// Metadata as the log stores it (docs/format.md), for a MetadataView of an event that is not read from there.
/// Errors: invalid (too many, too long or malformed tags or headers; says which).
[[nodiscard]] Result<Bytes> encode(const Metadata& metadata);

}  // namespace cairn
