#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <cairn/core/bytes.hpp>
#include <cairn/core/codec.hpp>
#include <cairn/core/result.hpp>

namespace cairn {

/// What can be sealed: text, bytes, and whatever has a name and a Codec, as an event has.
template <class T>
concept Sealable = std::same_as<T, std::string> || std::same_as<T, Bytes> || Encodable<T>;

namespace detail {
/// Base64 (RFC 4648, section 4).
[[nodiscard]] std::string sealed_to_text(BytesView sealed);
/// The bytes of `text`; one zero byte, which no sealed value begins with, when it is not Base64.
[[nodiscard]] Bytes sealed_from_text(std::string_view text);
}  // namespace detail

/// A value of type T as ciphertext (docs/erasure.md): what an event holds in the place of somebody's data.
///
///     struct Registered {
///       static constexpr auto type = "customer.registered";
///       std::string plan;         // stays
///       Sealed<Contact> contact;  // can be read until the subject is erased
///     };
///
/// Made by SubjectKeys::seal, read by SubjectKeys::unseal; an event may hold several, each of other subjects. In JSON
/// it is a text and needs nothing else beside the struct; elsewhere store bytes(). Its length tells the value's. A
/// value; what it holds is checked when it is unsealed.
template <Sealable T>
class Sealed final {
 public:
  /// Nothing sealed; unseal() calls it invalid.
  Sealed() = default;
  explicit Sealed(Bytes bytes) noexcept : bytes_{std::move(bytes)} {}
  [[nodiscard]] static Sealed from_text(std::string_view text) { return Sealed{detail::sealed_from_text(text)}; }

  [[nodiscard]] const Bytes& bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::string text() const { return detail::sealed_to_text(bytes_); }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }

  friend bool operator==(const Sealed&, const Sealed&) = default;

  /// For nlohmann's JSON, which finds them by the type.
  template <class Json>
  friend void to_json(Json& json, const Sealed& sealed) {
    json = sealed.text();
  }
  template <class Json>
  friend void from_json(const Json& json, Sealed& sealed) {
    sealed = from_text(json.template get_ref<const std::string&>());
  }

 private:
  Bytes bytes_;
};

namespace detail {

/// What is kept beside a sealed value, so that it is read as what it was.
struct SealedShape {
  std::string_view type{};  ///< empty for text and bytes
  std::uint32_t schema_version = 1;
  ContentType content_type = ContentType::binary;
};

template <Sealable T>
struct SealedCodec {
  static constexpr SealedShape shape{EventTraits<T>::type, EventTraits<T>::schema_version, Codec<T>::content_type};
  static Result<Bytes> encode(const T& value) { return Codec<T>::encode(value); }
  static Result<T> decode(const SealedShape& stored, BytesView data) {
    return Codec<T>::decode(shape.type, stored.schema_version, stored.content_type, data);
  }
};
template <>
struct SealedCodec<std::string> {
  static constexpr SealedShape shape{};
  static Result<Bytes> encode(std::string_view value) { return to_bytes(value); }
  static Result<std::string> decode(const SealedShape&, BytesView data) { return std::string{as_text(data)}; }
};
template <>
struct SealedCodec<Bytes> {
  static constexpr SealedShape shape{};
  static Result<Bytes> encode(const Bytes& value) { return value; }
  static Result<Bytes> decode(const SealedShape&, BytesView data) { return Bytes{data.begin(), data.end()}; }
};

}  // namespace detail

}  // namespace cairn
