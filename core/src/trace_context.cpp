#include <cairn/core/trace_context.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

namespace cairn {
namespace {

constexpr std::size_t header_size = 55;
constexpr std::size_t version_at = 0;
constexpr std::size_t trace_id_at = 3;
constexpr std::size_t span_id_at = 36;
constexpr std::size_t flags_at = 53;
constexpr std::byte sampled_flag{0x01};

Error refused(std::string_view why, std::size_t offset) {
  return Error{Errc::invalid, "parse traceparent: " + std::string{why}}.with("offset", offset);
}

// HEXDIGLC of section 3.2.2: upper case is not allowed.
std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  return std::nullopt;
}

Result<void> read_hex(std::string_view header, std::size_t at, std::span<std::byte> out) {
  for (std::size_t i = 0; i < 2 * out.size(); ++i) {
    const std::optional<unsigned> digit = hex_digit(header[at + i]);
    if (!digit) return refused("not a lower-case hexadecimal digit", at + i);
    out[i / 2] = (out[i / 2] << 4) | static_cast<std::byte>(*digit);
  }
  return {};
}

void append_hex(std::string& text, std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<std::size_t>(byte >> 4)];
    text += digits[std::to_integer<std::size_t>(byte & std::byte{0x0F})];
  }
}

bool all_zero(std::span<const std::byte> id) {
  return std::ranges::all_of(id, [](std::byte byte) { return byte == std::byte{0}; });
}

void draw(std::span<std::byte> id, Random& random) {
  do {
    for (std::byte& byte : id) byte = static_cast<std::byte>(random.next() >> 56);
  } while (all_zero(id));
}

}  // namespace

Result<TraceContext> TraceContext::parse(std::string_view traceparent) {
  if (traceparent.size() < header_size) return refused("shorter than 55 characters", traceparent.size());
  for (const std::size_t dash : {trace_id_at - 1, span_id_at - 1, flags_at - 1}) {
    if (traceparent[dash] != '-') return refused("no dash where one belongs", dash);
  }

  TraceContext context;
  std::array<std::byte, 1> version{};
  std::array<std::byte, 1> flags{};
  for (const Result<void>& read :
       {read_hex(traceparent, version_at, version), read_hex(traceparent, trace_id_at, context.trace_id_),
        read_hex(traceparent, span_id_at, context.span_id_), read_hex(traceparent, flags_at, flags)}) {
    if (!read) return read.error();
  }
  if (version[0] == std::byte{0xFF}) return refused("version ff", version_at);
  if (traceparent.size() > header_size) {
    if (version[0] == std::byte{0}) return refused("longer than 55 characters", header_size);
    if (traceparent[header_size] != '-') return refused("no dash where one belongs", header_size);
  }
  if (all_zero(context.trace_id_)) return refused("the trace id is all zero", trace_id_at);
  if (all_zero(context.span_id_)) return refused("the parent id is all zero", span_id_at);
  context.sampled_ = (flags[0] & sampled_flag) != std::byte{0};
  return context;
}

TraceContext TraceContext::root(Random& random, bool sampled) {
  TraceContext context;
  draw(context.trace_id_, random);
  draw(context.span_id_, random);
  context.sampled_ = sampled;
  return context;
}

TraceContext TraceContext::child(Random& random) const {
  TraceContext next = *this;
  draw(next.span_id_, random);
  return next;
}

std::string TraceContext::to_string() const {
  std::string text;
  text.reserve(header_size);
  text += "00-";
  append_hex(text, trace_id_);
  text += '-';
  append_hex(text, span_id_);
  text += sampled_ ? "-01" : "-00";
  return text;
}

}  // namespace cairn
