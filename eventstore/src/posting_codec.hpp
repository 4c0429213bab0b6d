#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/core/result.hpp>

namespace cairn::log {

/// Ascending positions, all above `base`, as delta varints: docs/format.md, "Index rows". `out` is overwritten.
/// `base` is known from the row's key: the first position for posting rows (which is then not among `positions`),
/// 0 for stream rows.
void encode_positions(std::uint64_t base, std::span<const std::uint64_t> positions, Bytes& out);

/// Appends the decoded positions to `out`. Errors: corrupt (truncated, not ascending, over 64 bits, a varint longer
/// than it need be, more than `count_max`); `out` is then as it was.
Result<void> decode_positions(std::uint64_t base, BytesView encoded, std::size_t count_max,
                              std::vector<std::uint64_t>& out);

}  // namespace cairn::log
