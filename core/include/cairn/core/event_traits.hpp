#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cairn {

inline constexpr std::size_t event_type_bytes_max = 255;

namespace detail {
template <class T>
concept NamesItsType = requires {
  { T::type } -> std::convertible_to<std::string_view>;
};
template <class T>
concept NumbersItsSchema = requires {
  { T::schema_version } -> std::convertible_to<std::uint32_t>;
};
}  // namespace detail

/// The name under which a C++ type's events are stored, and the version of their shape. Read from the type:
///
///     struct Withdrawn { static constexpr auto type = "account.withdrawn"; Cents amount; };
///
/// `static constexpr std::uint32_t schema_version = 2;` is added when the shape changes; without it the version
/// is 1. For a type that cannot have members (a generated Protobuf message), specialise EventTraits with both.
/// A name never changes and carries no version; two types never share one.
template <class T>
struct EventTraits {};

template <detail::NamesItsType T>
struct EventTraits<T> {
  static constexpr std::string_view type = T::type;
  static constexpr std::uint32_t schema_version = [] {
    if constexpr (detail::NumbersItsSchema<T>) {
      return std::uint32_t{T::schema_version};
    } else {
      return std::uint32_t{1};
    }
  }();
};

/// A type whose values are events: it has a name of 1 to 255 bytes and a schema version from 1.
template <class T>
concept EventType = requires {
  requires EventTraits<T>::type.size() >= 1;
  requires EventTraits<T>::type.size() <= event_type_bytes_max;
  requires EventTraits<T>::schema_version >= 1;
};

}  // namespace cairn
