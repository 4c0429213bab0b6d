#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/core/codec.hpp>
#include <cairn/core/content_type.hpp>

namespace cairn::detail {

/// "account.deposited {"cents":300}": the name and, if it is text, the data; else its base64.
[[nodiscard]] std::string event_text(std::string_view type, ContentType content_type, BytesView data);

template <class Event>
[[nodiscard]] std::string event_text(const Event& event) {
  if constexpr (Encodable<Event>) {
    if (auto data = Codec<Event>::encode(event))
      return event_text(EventTraits<Event>::type, Codec<Event>::content_type, *data);
  }
  return std::string{EventTraits<Event>::type};
}
template <class... Events>
[[nodiscard]] std::string event_text(const std::variant<Events...>& event) {
  return std::visit([](const auto& one) { return event_text(one); }, event);
}

/// By == where there is one, else by the bytes.
template <class T>
[[nodiscard]] bool is_same_value(const T& left, const T& right) {
  if constexpr (std::equality_comparable<T>) {
    return left == right;
  } else {
    static_assert(Encodable<T>, "give the type an operator== or a Codec, so that a test can compare its values");
    const auto one = Codec<T>::encode(left);
    const auto other = Codec<T>::encode(right);
    return one && other && *one == *other;
  }
}
template <class... Events>
[[nodiscard]] bool is_same_event(const std::variant<Events...>& left, const std::variant<Events...>& right) {
  return left.index() == right.index() &&
         std::visit([&right]<class T>(const T& one) { return is_same_value(one, *std::get_if<T>(&right)); }, left);
}

/// The lines of both with what they share once: "  " before a line of both, "- " before one that was expected only, "+
/// " before one that is only there. `same[i * actual.size() + j]`: whether expected i is actual j.
[[nodiscard]] std::string line_diff(const std::vector<std::string>& expected, const std::vector<std::string>& actual,
                                    const std::vector<bool>& same);

}  // namespace cairn::detail
