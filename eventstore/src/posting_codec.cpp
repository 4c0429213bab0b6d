#include "posting_codec.hpp"

#include <limits>
#include <string_view>

#include <fmt/format.h>

#include <cairn/core/invariant.hpp>

namespace cairn::log {
namespace {

void append_varint(std::uint64_t value, Bytes& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::byte>(value | 0x80));
  out.push_back(static_cast<std::byte>(value));
}

/// What is wrong with a varint, or nothing.
using Problem = const char*;

/// Reads the varint at `at` and moves `at` behind it.
Problem read_varint(BytesView encoded, std::size_t& at, std::uint64_t& value) noexcept {
  value = 0;
  for (unsigned shift = 0; at < encoded.size(); shift += 7) {
    const auto byte = std::to_integer<std::uint64_t>(encoded[at++]);
    if (shift == 63 && byte > 1) return "is over 64 bits";
    value |= (byte & 0x7F) << shift;
    if (byte < 0x80) return byte == 0 && shift > 0 ? "is longer than it need be" : nullptr;
  }
  return "is truncated";
}

}  // namespace

void encode_positions(std::uint64_t base, std::span<const std::uint64_t> positions, Bytes& out) {
  out.clear();
  for (const std::uint64_t position : positions) {
    invariant(position > base, "positions of an index row ascend");
    append_varint(position - base, out);
    base = position;
  }
}

Result<void> decode_positions(std::uint64_t base, BytesView encoded, std::size_t count_max,
                              std::vector<std::uint64_t>& out) {
  const std::size_t before = out.size();
  const auto refuse = [&](std::size_t at, std::string_view problem) {
    out.resize(before);
    return Error{Errc::corrupt, fmt::format("index row: the delta at byte {} {}", at, problem)};
  };
  for (std::size_t at = 0; at < encoded.size();) {
    const std::size_t start = at;
    std::uint64_t delta = 0;
    if (const Problem problem = read_varint(encoded, at, delta)) return refuse(start, problem);
    if (delta == 0) return refuse(start, "does not ascend");
    if (delta > std::numeric_limits<std::uint64_t>::max() - base) return refuse(start, "leads past 64 bits");
    if (out.size() - before == count_max) return refuse(start, fmt::format("is one more than {}", count_max));
    base += delta;
    out.push_back(base);
  }
  return {};
}

}  // namespace cairn::log
