#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cairn::log {

/// Reads one JSON text (RFC 8259) front to back and says where values begin and end, so that a value can be kept byte
/// for byte; a document tree would have changed numbers, escapes and order by then. Strict: UTF-8 only, no control
/// characters in strings, escaped surrogates in pairs only. Numbers are checked and not converted; nesting has no limit
/// and takes a byte a level.
/// After the first failure every call fails; what() says what was expected, and at() where.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) noexcept : text_{text} {}

  /// The text of the next value, checked, without the blanks around it.
  [[nodiscard]] std::optional<std::string_view> value();
  /// The next value, which must be a string, with its escapes resolved.
  [[nodiscard]] std::optional<std::string> string();
  /// The next value, which must be an integer without fraction or exponent, within the bounds of the type.
  [[nodiscard]] std::optional<std::int64_t> integer();
  [[nodiscard]] std::optional<std::uint64_t> unsigned_integer();

  /// The next character that is no blank is `expected`, and is passed.
  [[nodiscard]] bool take(char expected);
  /// The same, but no failure if it is another.
  [[nodiscard]] bool take_if(char expected) noexcept;
  /// The next character that is no blank; 0 at the end.
  [[nodiscard]] char peek() noexcept;
  /// Nothing but blanks is left.
  [[nodiscard]] bool at_end();

  [[nodiscard]] bool failed() const noexcept { return what_ != nullptr; }
  [[nodiscard]] const char* what() const noexcept { return what_; }
  [[nodiscard]] std::size_t at() const noexcept { return at_; }

 private:
  bool fail(const char* what) noexcept;
  void skip_blanks() noexcept;
  bool skip_scalar(char first);
  bool skip_string(std::string* out);
  bool skip_escape(std::string* out);
  bool hex4(std::uint32_t& code);
  bool skip_number();
  bool skip_digits();
  bool skip_word(std::string_view word);
  bool begin_value(std::string& open, bool& complete);

  std::string_view text_;
  std::size_t at_ = 0;
  const char* what_ = nullptr;
};

/// One JSON value and nothing around it, blanks included.
[[nodiscard]] bool is_bare_json(std::string_view text);

}  // namespace cairn::log
