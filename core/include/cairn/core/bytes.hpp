#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace cairn {

/// Owned bytes; what a payload is to the store.
using Bytes = std::vector<std::byte>;
/// Bytes owned by somebody else, read during the call only unless a comment says otherwise.
using BytesView = std::span<const std::byte>;

/// The bytes of `text`, for the lifetime of what `text` points at.
[[nodiscard]] inline BytesView as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span{text.data(), text.size()});
}
/// `bytes` as text, unchecked, for the lifetime of what `bytes` points at.
[[nodiscard]] inline std::string_view as_text(BytesView bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline Bytes to_bytes(std::string_view text) {
  const BytesView view = as_bytes(text);
  return {view.begin(), view.end()};
}

}  // namespace cairn
