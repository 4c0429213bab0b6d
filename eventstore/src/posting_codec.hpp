#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/core/result.hpp>

namespace cairn::log {

/// Ascending positions as delta varints (LEB128): docs/format.md, "Index rows".
/// `base` is known from the row's key: the first position for posting rows, 0 for stream rows.
void encode_positions(std::uint64_t base, std::span<const std::uint64_t> positions, Bytes& out);

/// Appends the decoded positions to `out`. Errors: corrupt (truncated, not ascending, over 64 bits, more than `count_max`).
Result<void> decode_positions(std::uint64_t base, BytesView encoded, std::size_t count_max, std::vector<std::uint64_t>& out);

}  // namespace cairn::log
