#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <cairn/core/bytes.hpp>

namespace cairn {

namespace sql {
class Connection;
}

/// The current row of a query. Columns count from 0. Text and blobs are views that die when the query steps on;
/// `get<std::string>` and `get<Bytes>` copy. A column of another type converts as SQLite does; NULL reads as
/// 0, 0.0 or empty unless asked for as std::optional<T>.
class Row {
 public:
  [[nodiscard]] bool is_null(int column) const noexcept;
  [[nodiscard]] std::int64_t integer(int column) const noexcept;
  [[nodiscard]] double real(int column) const noexcept;
  [[nodiscard]] std::string_view text(int column) const noexcept;
  [[nodiscard]] BytesView blob(int column) const noexcept;

  template <class T>
  [[nodiscard]] T get(int column) const;

 private:
  friend class sql::Connection;
  explicit Row(void* statement) noexcept : statement_{statement} {}
  void* statement_;
};

namespace detail {
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
}  // namespace detail

template <class T>
T Row::get(int column) const {
  if constexpr (detail::is_optional<T>) {
    if (is_null(column)) return std::nullopt;
    return get<typename T::value_type>(column);
  } else if constexpr (std::same_as<T, Bytes>) {
    const BytesView view = blob(column);
    return {view.begin(), view.end()};
  } else if constexpr (std::same_as<T, BytesView>) {
    return blob(column);
  } else if constexpr (std::same_as<T, std::string_view>) {
    return text(column);
  } else if constexpr (std::same_as<T, std::string>) {
    return std::string{text(column)};
  } else if constexpr (std::floating_point<T>) {
    return static_cast<T>(real(column));
  } else {
    static_assert(std::integral<T>, "get<T>: an integer, floating point, text or blob type, or std::optional of one");
    return static_cast<T>(integer(column));
  }
}

}  // namespace cairn
