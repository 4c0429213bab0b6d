#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <cairn/core/result.hpp>

namespace cairn {

namespace detail {
/// A stream name written in the source, checked by the compiler (ASCII, no control characters, 1 to 255 bytes).
struct StreamLiteral {
  consteval StreamLiteral(const char* literal) : text{literal} {
    if (text.empty() || text.size() > 255) throw "a stream name has 1 to 255 bytes";
    for (const char c : text) {
      if (c < 0x20 || c > 0x7e) throw "a stream name literal is printable ASCII; parse() takes all of UTF-8";
    }
  }
  std::string_view text;
};
}  // namespace detail

/// Name of a stream, the ordered events of one entity: 1 to 255 bytes of UTF-8 without control characters.
/// The category is what stands before the first '-' ("account" of "account-42"; the whole name when there is
/// none). Names beginning with '$' belong to the system and are left out of category and filtered reads unless asked
/// for.
class StreamId {
 public:
  static constexpr std::size_t size_max = 255;

  /// `StreamId{"account-42"}`: a literal, checked at compile time.
  explicit StreamId(detail::StreamLiteral literal) : text_{literal.text} {}
  /// A name from data. Errors: invalid (empty, too long, not UTF-8, control characters; says which).
  [[nodiscard]] static Result<StreamId> parse(std::string_view text);
  /// "<category>-<key>". Errors: as parse, and invalid when `category` is empty or contains '-'.
  [[nodiscard]] static Result<StreamId> of(std::string_view category, std::string_view key);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::string_view category() const noexcept { return category_of(text_); }
  [[nodiscard]] bool is_system() const noexcept { return text_.starts_with('$'); }

  [[nodiscard]] static std::string_view category_of(std::string_view stream) noexcept {
    return stream.substr(0, stream.find('-'));
  }

  friend auto operator<=>(const StreamId&, const StreamId&) = default;

 private:
  // The tag keeps this one apart from the literal's constructor.
  struct Checked {};
  StreamId(Checked, std::string text) : text_{std::move(text)} {}
  std::string text_;
};

}  // namespace cairn

template <>
struct std::hash<cairn::StreamId> {
  std::size_t operator()(const cairn::StreamId& id) const noexcept { return std::hash<std::string>{}(id.text()); }
};
