#include "index_tables.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "index_key.hpp"
#include "posting_codec.hpp"

namespace cairn::log {

namespace {

std::int64_t bounded(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max()));
}

}  // namespace

Result<void> read_stream_positions(SqlReader& reader, std::uint32_t stream, std::uint64_t from, std::uint64_t to,
                                   std::size_t limit, std::vector<std::uint64_t>& out) {
  const std::size_t out_before = out.size();
  std::uint64_t expected = from;
  bool first = true;
  Result<void> outcome;
  std::vector<std::uint64_t> row_positions;
  auto done = reader.each(
      "SELECT revision, positions FROM stream_index WHERE stream = $1 AND revision <= $3 AND revision >= "
      "coalesce((SELECT max(revision) FROM stream_index WHERE stream = $1 AND revision <= $2), $2) ORDER BY revision",
      {stream, bounded(from), bounded(to)}, [&](const Row& row) {
        const auto revision = static_cast<std::uint64_t>(row.integer(0));
        row_positions.clear();
        outcome = decode_positions(0, row.blob(1), index_row_positions_max, row_positions);
        if (!outcome) return false;
        if (first && revision > from) return false;
        if (!first && revision != expected) {
          outcome = Error{Errc::corrupt, fmt::format("stream index, stream {}: revision {} follows {}", stream,
                                                     revision, expected - 1)};
          return false;
        }
        first = false;
        const std::uint64_t end = revision + row_positions.size();
        for (std::uint64_t r = std::max(revision, from); r < end && r <= to; ++r) {
          out.push_back(row_positions[r - revision]);
        }
        expected = end;
        return out.size() - out_before < limit;
      });
  if (!done) return done;
  return outcome;
}

Result<std::optional<std::uint64_t>> last_indexed_revision(SqlReader& reader, std::uint32_t stream) {
  std::optional<std::uint64_t> last;
  Result<void> outcome;
  auto done =
      reader.each("SELECT revision, positions FROM stream_index WHERE stream = $1 ORDER BY revision DESC LIMIT 1",
                  {stream}, [&](const Row& row) {
                    std::vector<std::uint64_t> positions;
                    outcome = decode_positions(0, row.blob(1), index_row_positions_max, positions);
                    if (outcome) last = static_cast<std::uint64_t>(row.integer(0)) + positions.size() - 1;
                  });
  if (!done) return std::move(done).error();
  if (!outcome) return std::move(outcome).error();
  return last;
}

Result<void> read_posting_positions(SqlReader& reader, std::uint64_t key, std::uint64_t from, std::uint64_t to,
                                    std::size_t limit, Direction direction, std::vector<std::uint64_t>& out) {
  const std::size_t out_before = out.size();
  Result<void> outcome;
  std::vector<std::uint64_t> row_positions;
  const auto decode = [&](const Row& row) {
    const auto first = static_cast<std::uint64_t>(row.integer(0));
    row_positions.assign(1, first);
    outcome = decode_positions(first, row.blob(1), index_row_positions_max, row_positions);
    return outcome.has_value();
  };
  const auto full = [&] { return out.size() - out_before >= limit; };

  if (direction == Direction::forward) {
    auto done = reader.each(
        "SELECT position, more FROM posting WHERE key = $1 AND position <= $3 AND position >= "
        "coalesce((SELECT max(position) FROM posting WHERE key = $1 AND position <= $2), $2) ORDER BY position",
        {as_signed(key), bounded(from), bounded(to)}, [&](const Row& row) {
          if (!decode(row)) return false;
          for (const std::uint64_t position : row_positions) {
            if (position < from) continue;
            if (position > to || full()) return false;
            out.push_back(position);
          }
          return !full();
        });
    if (!done) return done;
    return outcome;
  }
  auto done = reader.each("SELECT position, more FROM posting WHERE key = $1 AND position <= $2 ORDER BY position DESC",
                          {as_signed(key), bounded(to)}, [&](const Row& row) {
                            if (!decode(row)) return false;
                            for (auto position = row_positions.rbegin(); position != row_positions.rend(); ++position) {
                              if (*position > to) continue;
                              if (*position < from || full()) return false;
                              out.push_back(*position);
                            }
                            return !full();
                          });
  if (!done) return done;
  return outcome;
}

Result<std::size_t> count_posting_rows(SqlReader& reader, std::uint64_t key, std::uint64_t from, std::size_t limit) {
  auto count = reader.first<std::size_t>(
      "SELECT count(*) FROM (SELECT 1 FROM posting WHERE key = $1 AND position >= $2 LIMIT $3)",
      {as_signed(key), bounded(from), limit});
  if (!count) return std::move(count).error();
  return count->value_or(0);
}

}  // namespace cairn::log
