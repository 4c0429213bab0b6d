#pragma once

#include <array>
#include <cstddef>

#include <cairn/core/bytes.hpp>

namespace cairn {

/// SHA-1 (RFC 3174) of `first` followed by `second`, for name-based ids only; it is broken for security.
/// Our own because Uuid::from_name cannot fail, and a cryptographic library may refuse SHA-1 by configuration.
[[nodiscard]] std::array<std::byte, 20> sha1(BytesView first, BytesView second) noexcept;

}  // namespace cairn
