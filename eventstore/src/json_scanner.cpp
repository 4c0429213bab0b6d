#include "json_scanner.hpp"

#include <charconv>

#include <cairn/core/utf8.hpp>

namespace cairn::log {
namespace {

void append_utf8(std::uint32_t code, std::string& out) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | (code >> 6U));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | (code >> 12U));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | (code >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

bool JsonScanner::fail(const char* what) noexcept {
  if (what_ == nullptr) what_ = what;
  return false;
}

void JsonScanner::skip_blanks() noexcept {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
    ++at_;
  }
}

char JsonScanner::peek() noexcept {
  skip_blanks();
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonScanner::take_if(char expected) noexcept {
  if (failed() || peek() != expected || at_ >= text_.size()) return false;
  ++at_;
  return true;
}

bool JsonScanner::take(char expected) {
  if (take_if(expected)) return true;
  switch (expected) {
    case '{': return fail("an object");
    case '[': return fail("an array");
    case ':': return fail("':'");
    case ',': return fail("','");
    default: return fail("the end of an object or array");
  }
}

bool JsonScanner::at_end() {
  skip_blanks();
  return !failed() && (at_ == text_.size() || fail("nothing after the value"));
}

std::optional<std::string_view> JsonScanner::value() {
  if (failed()) return std::nullopt;
  skip_blanks();
  const std::size_t begin = at_;
  std::string open;  // brackets not closed yet
  bool complete = false;
  while (true) {
    if (!begin_value(open, complete)) return std::nullopt;
    if (!complete) continue;
    // A value has ended; so may have those around it.
    while (!open.empty() && take_if(open.back() == '{' ? '}' : ']')) open.pop_back();
    if (open.empty()) break;
    if (!take(',')) return std::nullopt;
    if (open.back() == '{' && !(peek() == '"' ? skip_string(nullptr) && take(':') : fail("a member's name"))) {
      return std::nullopt;
    }
  }
  const std::string_view found = text_.substr(begin, at_ - begin);
  if (find_invalid_utf8(found)) {
    fail("UTF-8");
    return std::nullopt;
  }
  return found;
}

// A scalar or an empty bracket is complete; an opened bracket leads to its first value.
bool JsonScanner::begin_value(std::string& open, bool& complete) {
  const char first = peek();
  complete = true;
  if (first != '{' && first != '[') return skip_scalar(first);
  ++at_;
  if (take_if(first == '{' ? '}' : ']')) return true;
  complete = false;
  open += first;
  if (first == '[') return true;
  return peek() == '"' ? skip_string(nullptr) && take(':') : fail("a member's name");
}

bool JsonScanner::skip_scalar(char first) {
  switch (first) {
    case '"': return skip_string(nullptr);
    case 't': return skip_word("true");
    case 'f': return skip_word("false");
    case 'n': return skip_word("null");
    default: return skip_number();
  }
}

bool JsonScanner::skip_word(std::string_view word) {
  if (!text_.substr(at_).starts_with(word)) return fail("a value");
  at_ += word.size();
  return true;
}

bool JsonScanner::skip_digits() {
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
  return at_ > begin || fail("a value");
}

bool JsonScanner::skip_number() {
  const auto next_is = [this](std::string_view any) {
    return at_ < text_.size() && any.find(text_[at_]) != std::string_view::npos;
  };
  if (next_is("-")) ++at_;
  if (next_is("0")) {
    ++at_;
  } else if (!skip_digits()) {
    return false;
  }
  if (next_is(".")) {
    ++at_;
    if (!skip_digits()) return false;
  }
  if (next_is("eE")) {
    ++at_;
    if (next_is("+-")) ++at_;
    if (!skip_digits()) return false;
  }
  return true;
}

bool JsonScanner::skip_string(std::string* out) {
  for (++at_; at_ < text_.size();) {
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      return true;
    }
    if (static_cast<unsigned char>(c) < 0x20) return fail("no control character in a string");
    ++at_;
    if (c == '\\') {
      if (!skip_escape(out)) return false;
    } else if (out != nullptr) {
      *out += c;
    }
  }
  return fail("the end of a string");
}

bool JsonScanner::hex4(std::uint32_t& code) {
  code = 0;
  if (text_.size() - at_ < 4) return fail("four hexadecimal digits");
  for (std::size_t i = 0; i < 4; ++i, ++at_) {
    const char c = text_[at_];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return fail("four hexadecimal digits");
    code = code * 16 + static_cast<std::uint32_t>(digit);
  }
  return true;
}

bool JsonScanner::skip_escape(std::string* out) {
  constexpr std::string_view names = "\"\\/bfnrt";
  constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
  if (at_ >= text_.size()) return fail("the end of a string");
  const char name = text_[at_++];
  if (const std::size_t found = names.find(name); found != std::string_view::npos) {
    if (out != nullptr) *out += meant[found];
    return true;
  }
  std::uint32_t code = 0;
  if (name != 'u') return fail("an escape that there is");
  if (!hex4(code)) return false;
  if (code >= 0xDC00 && code < 0xE000) return fail("surrogates in pairs");
  if (code >= 0xD800 && code < 0xDC00) {
    std::uint32_t low = 0;
    if (!text_.substr(at_).starts_with("\\u")) return fail("surrogates in pairs");
    at_ += 2;
    if (!hex4(low)) return false;
    if (low < 0xDC00 || low >= 0xE000) return fail("surrogates in pairs");
    code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
  }
  if (out != nullptr) append_utf8(code, *out);
  return true;
}

std::optional<std::string> JsonScanner::string() {
  if (failed() || (peek() != '"' && !fail("a string"))) return std::nullopt;
  std::string out;
  if (!skip_string(&out)) return std::nullopt;
  if (find_invalid_utf8(out)) {
    fail("UTF-8");
    return std::nullopt;
  }
  return out;
}

std::optional<std::int64_t> JsonScanner::integer() {
  const auto text = value();
  const auto number = text ? parse<std::int64_t>(*text) : std::nullopt;
  if (!number) fail("an integer");
  return number;
}

std::optional<std::uint64_t> JsonScanner::unsigned_integer() {
  const auto text = value();
  const auto number = text ? parse<std::uint64_t>(*text) : std::nullopt;
  if (!number) fail("an integer from 0 on");
  return number;
}

bool is_bare_json(std::string_view text) {
  JsonScanner scanner{text};
  const auto found = scanner.value();
  return found && found->size() == text.size();
}

}  // namespace cairn::log
