#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <cairn/core/bytes.hpp>
#include <cairn/core/call_user.hpp>
#include <cairn/core/content_type.hpp>
#include <cairn/core/event_traits.hpp>
#include <cairn/core/result.hpp>

namespace cairn {

/// How an event type becomes bytes and back. Found by the type; nothing is registered:
///
/// - encode and decode beside the struct (below), for any format of your own;
/// - <cairn/core/codec/json.hpp>, for a struct with nlohmann's to_json and from_json beside it;
/// - <cairn/core/codec/protobuf.hpp>, for a generated message;
/// - or a specialisation of your own with the four members that Encodable asks for.
///
/// "Beside" is one of:
///
///     static Bytes encode(const Withdrawn&);  static Result<Withdrawn> decode(BytesView);   // members
///     Bytes encode(const Withdrawn&);         Result<void> decode(BytesView, Withdrawn&);   // in its namespace
///
/// each returning its value plainly or as a Result; what they throw becomes handler_failed. Their bytes are
/// ContentType::binary unless the struct has `static constexpr ContentType content_type`.
template <class T>
struct Codec;

/// An event type with a Codec. Put `static_assert(Encodable<Withdrawn>)` beside the type.
///
/// Codec<T>::encode gives the bytes. Codec<T>::decode checks that what was stored is a T before it reads it:
/// invalid for another event type or for bytes that are no T, unknown_schema for another schema version or
/// content type (an upcaster is missing, or this program is older than the event). Each error names the event type.
template <class T>
concept Encodable =
    EventType<T> && requires(const T& event, std::string_view type, std::uint32_t schema_version, BytesView data) {
      { Codec<T>::content_type } -> std::convertible_to<ContentType>;
      { Codec<T>::encode(event) } -> std::same_as<Result<Bytes>>;
      { Codec<T>::decode(type, schema_version, ContentType::json, data) } -> std::same_as<Result<T>>;
    };

namespace detail {

/// What a Codec expects to find stored.
struct StoredShape {
  std::string_view type;
  std::uint32_t schema_version;
  ContentType content_type;
};
/// The check every Codec makes before it reads `data`.
[[nodiscard]] Result<void> check_shape(const StoredShape& expected, const StoredShape& stored);
/// "encode account.withdrawn".
[[nodiscard]] std::string codec_call(std::string_view verb, std::string_view type);

template <class T, class Made>
concept MadeAs = std::same_as<T, Made> || std::same_as<T, Result<Made>>;

template <class T>
concept CodedByMembers = requires(const T& event, BytesView data) {
  { T::encode(event) } -> MadeAs<Bytes>;
  { T::decode(data) } -> MadeAs<T>;
};
template <class T>
concept CodedByFunctions = std::default_initializable<T> && requires(const T& event, T& into, BytesView data) {
  { encode(event) } -> MadeAs<Bytes>;
  { decode(data, into) } -> MadeAs<void>;
};
template <class T>
concept CodedBeside = CodedByMembers<T> || CodedByFunctions<T>;

template <class T>
concept ChoosesContentType = requires {
  { T::content_type } -> std::convertible_to<ContentType>;
};

// Outside Codec, whose own members would hide the functions beside the type.
template <class T>
auto encode_beside(const T& event) {
  if constexpr (CodedByMembers<T>) {
    return T::encode(event);
  } else {
    return encode(event);
  }
}
template <class T>
Result<T> decode_beside(BytesView data) {
  if constexpr (CodedByMembers<T>) {
    return T::decode(data);
  } else {
    T event{};
    if constexpr (std::same_as<decltype(decode(data, event)), void>) {
      decode(data, event);
    } else if (Result<void> read = decode(data, event); !read) {
      return std::move(read).error();
    }
    return event;
  }
}

}  // namespace detail

template <class T>
  requires EventType<T> && detail::CodedBeside<T>
struct Codec<T> {
  static constexpr ContentType content_type = [] {
    if constexpr (detail::ChoosesContentType<T>) {
      return ContentType{T::content_type};
    } else {
      return ContentType::binary;
    }
  }();

  [[nodiscard]] static Result<Bytes> encode(const T& event) {
    return call_user(detail::codec_call("encode", EventTraits<T>::type),
                     [&event] { return detail::encode_beside(event); });
  }

  [[nodiscard]] static Result<T> decode(std::string_view type, std::uint32_t schema_version, ContentType stored_as,
                                        BytesView data) {
    if (Result<void> fits = detail::check_shape({EventTraits<T>::type, EventTraits<T>::schema_version, content_type},
                                                {type, schema_version, stored_as});
        !fits) {
      return std::move(fits).error();
    }
    return call_user(detail::codec_call("decode", type), [data] { return detail::decode_beside<T>(data); });
  }
};

}  // namespace cairn
