#include "index_flush.hpp"

#include <algorithm>
#include <span>

#include "index_key.hpp"
#include "index_tables.hpp"
#include "posting_codec.hpp"

namespace cairn::log {

IndexFlush::IndexFlush(const IndexGeneration& generation) : generation_{&generation} {
  streams_.reserve(generation.streams.size());
  for (const auto& [stream, run] : generation.streams) streams_.push_back(stream);
  std::sort(streams_.begin(), streams_.end());
  postings_.reserve(generation.postings.size());
  for (const auto& [key, positions] : generation.postings) postings_.push_back(key);
  // As the table orders them: signed.
  std::sort(postings_.begin(), postings_.end(),
            [](std::uint64_t a, std::uint64_t b) { return as_signed(a) < as_signed(b); });
}

Result<bool> IndexFlush::write(Unit& unit, std::size_t rows) {
  std::size_t written = 0;
  while (next_ < keys() && written < rows) {
    auto added = next_ < streams_.size() ? write_stream(unit, streams_[next_])
                                         : write_posting(unit, postings_[next_ - streams_.size()]);
    if (!added) return std::move(added).error();
    written += *added;
    ++next_;
  }
  return next_ == keys();
}

Result<std::size_t> IndexFlush::write_stream(Unit& unit, std::uint32_t stream) {
  const StreamRun& run = generation_->streams.find(stream)->second;
  std::size_t rows = 0;
  for (std::size_t at = 0; at < run.positions.size(); at += index_row_positions_max, ++rows) {
    const std::size_t count = std::min(index_row_positions_max, run.positions.size() - at);
    encode_positions(0, {run.positions.data() + at, count}, encoded_);
    auto done = unit.exec("INSERT OR REPLACE INTO stream_index (stream, revision, positions) VALUES ($1, $2, $3)",
                          {stream, as_signed(run.first_revision + at), encoded_});
    if (!done) return std::move(done).error();
  }
  return rows;
}

Result<std::size_t> IndexFlush::write_posting(Unit& unit, std::uint64_t key) {
  const Positions& positions = generation_->postings.find(key)->second;
  std::size_t rows = 0;
  for (std::size_t at = 0; at < positions.size(); at += index_row_positions_max, ++rows) {
    const std::size_t count = std::min(index_row_positions_max, positions.size() - at);
    encode_positions(positions[at], {positions.data() + at + 1, count - 1}, encoded_);
    auto done = unit.exec("INSERT OR REPLACE INTO posting (key, position, more) VALUES ($1, $2, $3)",
                          {as_signed(key), as_signed(positions[at]), encoded_});
    if (!done) return std::move(done).error();
  }
  return rows;
}

}  // namespace cairn::log
