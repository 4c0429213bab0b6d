#pragma once

#include <climits>
#include <concepts>
#include <string>
#include <string_view>
#include <utility>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message_lite.h>

#include <cairn/core/codec.hpp>

namespace cairn {

/// The binary form of a generated message. Its name comes from a specialisation beside the message:
///
///     template <>
///     struct cairn::EventTraits<bank::v1::Withdrawn> {
///       static constexpr std::string_view type = "account.withdrawn";
///       static constexpr std::uint32_t schema_version = 1;
///     };
///
/// Protobuf reads older and newer forms of one message by itself; raise schema_version only for a change that it
/// cannot read. Map fields are written in key order, so equal messages of one program have equal bytes; the
/// format promises no more than that. Errors beside those of every Codec: invalid when the bytes are not such a
/// message, a required field (proto2) is missing, or the message is over 2 GiB.
template <std::derived_from<google::protobuf::MessageLite> T>
  requires(EventType<T> && !detail::CodedBeside<T>)
struct Codec<T> {
  static constexpr ContentType content_type = ContentType::protobuf;

  [[nodiscard]] static Result<Bytes> encode(const T& event) {
    if (!event.IsInitialized()) return refused("encode", "a required field is missing");
    const std::size_t size = event.ByteSizeLong();
    if (size > INT_MAX) return refused("encode", "over 2 GiB");
    Bytes bytes(size);
    google::protobuf::io::ArrayOutputStream array{bytes.data(), static_cast<int>(size)};
    google::protobuf::io::CodedOutputStream out{&array};
    out.SetSerializationDeterministic(true);
    event.SerializeWithCachedSizes(&out);
    if (out.HadError()) return refused("encode", "the message changed while it was written");
    return bytes;
  }

  [[nodiscard]] static Result<T> decode(std::string_view type, std::uint32_t schema_version, ContentType stored_as,
                                        BytesView data) {
    if (Result<void> fits = detail::check_shape({EventTraits<T>::type, EventTraits<T>::schema_version, content_type},
                                                {type, schema_version, stored_as});
        !fits) {
      return std::move(fits).error();
    }
    T event;
    if (data.size() > INT_MAX || !event.ParsePartialFromArray(data.data(), static_cast<int>(data.size()))) {
      return refused("decode", "not such a message");
    }
    // Asked for by itself: Parse...() would write the names of the missing fields to stderr.
    if (!event.IsInitialized()) return refused("decode", "a required field is missing");
    return event;
  }

 private:
  static Error refused(std::string_view verb, std::string_view why) {
    return Error{Errc::invalid, detail::codec_call(verb, EventTraits<T>::type) + ": " + std::string{why}};
  }
};

}  // namespace cairn
