#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <cairn/core/bytes.hpp>

namespace cairn {

/// One SQL argument or column: NULL, integer, real, text or blob. Text and blobs are views, read during the
/// call they are passed to.
class SqlValue {
 public:
  SqlValue() = default;
  SqlValue(std::nullopt_t) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  SqlValue(T value) : value_{static_cast<std::int64_t>(value)} {}
  /// A bool has no SQL type: pass 0 or 1 and say which is which.
  template <std::same_as<bool> T>
  SqlValue(T) = delete;
  SqlValue(double value) : value_{value} {}
  SqlValue(const char* value) : value_{std::string_view{value}} {}
  SqlValue(std::string_view value) : value_{value} {}
  SqlValue(const std::string& value) : value_{std::string_view{value}} {}
  SqlValue(BytesView value) : value_{value} {}
  SqlValue(const Bytes& value) : value_{BytesView{value}} {}
  template <class T>
  SqlValue(const std::optional<T>& value) {
    if (value) *this = SqlValue{*value};
  }

  using Variant = std::variant<std::monostate, std::int64_t, double, std::string_view, BytesView>;
  [[nodiscard]] const Variant& variant() const noexcept { return value_; }

 private:
  Variant value_;
};

}  // namespace cairn
