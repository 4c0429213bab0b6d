#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <cairn/core/codec.hpp>

namespace cairn {

namespace detail {

template <class T>
concept CodedAsJson = requires(const T& event, const nlohmann::json& json) {
  nlohmann::json(event);
  { json.get<T>() } -> std::same_as<T>;
};

// The exceptions of the library end here. A parse error's own text is left out: it quotes the data.
template <class F>
auto without_json_exceptions(const std::string& what, F&& function) -> std::invoke_result_t<F> {
  try {
    return std::forward<F>(function)();
  } catch (const nlohmann::json::parse_error& thrown) {
    return Error{Errc::invalid, what + ": not JSON"}.with("byte", thrown.byte);
  } catch (const nlohmann::json::exception& thrown) {
    return Error{Errc::invalid, what + ": " + thrown.what()};
  }
}

}  // namespace detail

/// JSON for an event type with nlohmann's conversion functions beside it:
///
///     void to_json(nlohmann::json& json, const Withdrawn& event);
///     void from_json(const nlohmann::json& json, Withdrawn& event);
///
/// The text is UTF-8 without line breaks, members sorted by name, so equal events have equal bytes. Members that
/// from_json does not ask for are ignored. Errors beside those of every Codec: invalid when the data is no JSON
/// (number "byte"), a member is missing or of another kind, or text to encode is no UTF-8.
/// An encode or decode beside the type wins over these.
template <class T>
  requires(EventType<T> && detail::CodedAsJson<T> && !detail::CodedBeside<T>)
struct Codec<T> {
  static constexpr ContentType content_type = ContentType::json;

  [[nodiscard]] static Result<Bytes> encode(const T& event) {
    const std::string what = detail::codec_call("encode", EventTraits<T>::type);
    return call_user(what, [&] {
      return detail::without_json_exceptions(
          what, [&event]() -> Result<Bytes> { return to_bytes(nlohmann::json(event).dump()); });
    });
  }

  [[nodiscard]] static Result<T> decode(std::string_view type, std::uint32_t schema_version, ContentType stored_as,
                                        BytesView data) {
    if (Result<void> fits = detail::check_shape({EventTraits<T>::type, EventTraits<T>::schema_version, content_type},
                                                {type, schema_version, stored_as});
        !fits) {
      return std::move(fits).error();
    }
    const std::string what = detail::codec_call("decode", type);
    return call_user(what, [&] {
      return detail::without_json_exceptions(
          what, [data]() -> Result<T> { return nlohmann::json::parse(as_text(data)).template get<T>(); });
    });
  }
};

}  // namespace cairn
