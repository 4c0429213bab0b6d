#include "thin_chunks.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_map.hpp>

#include "chunk_view.hpp"
#include "frame.hpp"
#include "log_fetch.hpp"
#include "retention_table.hpp"
#include "sqlite_log.hpp"
#include "step_buffer.hpp"
#include "stream_positions.hpp"

namespace cairn::log {

namespace {

// A slice ends when it has done so much of one of these: about a millisecond of the writer's time.
constexpr std::size_t bytes_read_max = 256U << 10U;
constexpr std::size_t bytes_written_max = 64U << 10U;
constexpr std::size_t streams_max = 512;

class ChunkThinner {
 public:
  ChunkThinner(const SqliteLog& log, Unit& unit)
      : log_{log}, unit_{unit}, snapshot_{log.unit_snapshot()}, now_{log.clock().now()} {}

  Result<Thinned> run(std::uint64_t first, std::uint64_t end) {
    auto indexed = unit_.first<std::int64_t>("SELECT value FROM store WHERE key = 'all_ids_indexed'", {});
    if (!indexed) return std::move(indexed).error();
    ids_indexed_ = indexed->value_or(0) != 0;
    thinned_.next = first;
    while (thinned_.next < end && read_ < bytes_read_max && !full() && cuts_.size() < streams_max) {
      if (auto done = rewrite(thinned_.next); !done) return std::move(done).error();
      if (!left_behind_) ++thinned_.next;
    }
    for (const auto& [stream, cut] : cuts_) {
      if (cut.removed_before <= cut.stored) continue;
      auto raised =
          unit_.exec("UPDATE stream_retention SET removed_before = $2 WHERE stream = $1", {stream, cut.removed_before});
      if (!raised) return std::move(raised).error();
    }
    return thinned_;
  }

 private:
  /// Where a stream is cut.
  struct Cut {
    StoredRetention retention{};
    std::uint64_t first_kept = 0;  ///< age left aside
    std::uint64_t stored = 0;      ///< removed_before, as the row has it
    std::uint64_t removed_before = 0;
  };

  Result<Cut*> cut_of(std::uint32_t stream) {
    const auto [entry, fresh] = cuts_.try_emplace(stream);
    Cut& cut = entry->second;
    if (!fresh) return &cut;
    auto retention = read_retention(unit_, stream);
    if (!retention) return std::move(retention).error();
    if (!*retention) return &cut;
    cut.retention = **retention;
    cut.stored = cut.retention.removed_before;
    cut.removed_before = cut.stored;
    std::uint64_t next_revision = 0;
    // Where the stream ends matters to a count alone; asking costs more than all the rest.
    if (cut.retention.keep.events_max) {
      const StreamIndex index{unit_, snapshot_, log_.pending(), &log_.open_group(), stream};
      auto last = last_revision(index);
      if (!last) return std::move(last).error();
      if (!*last) return Error{Errc::corrupt, fmt::format("stream {}: its index is empty", stream)};
      next_revision = **last + 1;
    }
    cut.first_kept = cut.retention.first_kept(next_revision);
    return &cut;
  }

  Result<void> rewrite(std::uint64_t number) {
    buffer_.reset(1U << 20U);
    LogFetch fetch{unit_, snapshot_, buffer_};
    auto body = fetch.chunk(number);
    if (!body) return std::move(body).error();
    read_ += body->size();
    const auto view = ChunkView::parse(*body, number);
    if (!view) return view.error();
    std::array<BytesView, chunk_events> kept;
    std::uint64_t removed = 0;
    for (std::uint32_t slot = 0; slot < chunk_events; ++slot) {
      if (!view->kept().holds(slot)) continue;
      const std::uint64_t position = first_position_of(number) + slot;
      const auto frame = decode_verified_frame(view->frame(slot));
      if (!frame) {
        return Error{Errc::corrupt, fmt::format("chunk {}: frame of position {} is malformed", number, position)};
      }
      auto cut = cut_of(frame->stream);
      if (!cut) return std::move(cut).error();
      if (frame->revision >= (*cut)->first_kept && !(*cut)->retention.is_too_old(frame->recorded_at, now_)) {
        kept[slot] = view->frame(slot);
        continue;
      }
      if (full()) {  // the next slice thins the chunk again
        left_behind_ = true;
        kept[slot] = view->frame(slot);
        continue;
      }
      (*cut)->removed_before = std::max({(*cut)->removed_before, (*cut)->first_kept, frame->revision + 1});
      if (auto gone = remove(position, *frame); !gone) return gone;
      ++removed;
    }
    if (removed == 0) return {};
    build_thin_chunk(number, view->previous_crc(), view->link(), kept, thin_);
    auto stored = unit_.exec("UPDATE chunk SET body = $2 WHERE number = $1", {number, thin_});
    if (!stored) return std::move(stored).error();
    written_ += thin_.size();
    ++thinned_.chunks_rewritten;
    thinned_.events_removed += removed;
    return {};
  }

  [[nodiscard]] bool full() const noexcept { return written_ >= bytes_written_max; }

  /// What stands elsewhere of an event that leaves its chunk.
  Result<void> remove(std::uint64_t position, const FrameView& frame) {
    if (frame.external) {
      written_ += frame.data_size;
      auto gone = unit_.exec("DELETE FROM payload WHERE position = $1", {position});
      if (!gone) return std::move(gone).error();
    }
    if (ids_indexed_) {
      auto gone =
          unit_.exec("DELETE FROM event_id WHERE id = $1 AND position = $2", {BytesView{frame.id.bytes()}, position});
      if (!gone) return std::move(gone).error();
    }
    return {};
  }

  const SqliteLog& log_;
  Unit& unit_;
  Thinned thinned_;
  const LogSnapshot snapshot_;
  const Timestamp now_;
  bool ids_indexed_ = false;
  boost::unordered_flat_map<std::uint32_t, Cut> cuts_;
  StepBuffer buffer_;
  Bytes thin_;
  std::size_t read_ = 0;
  std::size_t written_ = 0;  // payloads that went included: their pages are written, too
  bool left_behind_ = false;
};

}  // namespace

Result<Thinned> thin_chunks(const SqliteLog& log, Unit& unit, std::uint64_t first, std::uint64_t end) {
  return ChunkThinner{log, unit}.run(first, end);
}

}  // namespace cairn::log
