#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <stop_token>
#include <string>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/dlq/dead_letters.hpp>
#include <cairn/eventstore/jsonl.hpp>

namespace cairn {

/// Writes letters as JSON Lines (docs/dead_letters.md), the oldest first: everything in them but their ids, bytes kept.
/// Memory holds a page of them. Returns how many. Errors: those of list(), cancelled (`stop`), unavailable (`out`
/// failed).
[[nodiscard]] Result<std::uint64_t> export_letters(const DeadLetters& letters, std::ostream& out,
                                                   const LetterFilter& filter = {}, std::stop_token stop = {});

struct ImportLetters {
  BadLines bad_lines = BadLines::stop;
  std::size_t bad_lines_kept = 100;         ///< of those skipped, the first; the rest is counted
  std::size_t line_bytes_max = 48U << 20U;  ///< the largest letter, edited, in base64
  std::stop_token stop{};
};

struct ImportedLetters {
  std::uint64_t lines = 0;
  std::uint64_t restored = 0;
  std::uint64_t repeated = 0;  ///< their queues had the items already; left as they are
  std::uint64_t bad = 0;
  std::vector<BadLine> bad_lines{};
};

/// Restores letters from such lines, in their order, so that importing twice changes nothing. A unit a line; what was
/// restored before an error stays. Errors: with BadLines::stop those of the first bad line (invalid; number "line"),
/// cancelled (`stop`), unavailable (`in` failed), and those of a write.
[[nodiscard]] Result<ImportedLetters> import_letters(DeadLetters& letters, std::istream& in,
                                                     const ImportLetters& options = {});

}  // namespace cairn
