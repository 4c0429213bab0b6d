#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "cursor_step.hpp"
#include "log_cursor.hpp"
#include "log_fetch.hpp"
#include "retention_table.hpp"
#include "stream_positions.hpp"

namespace cairn::log {

namespace {

/// Events one step takes up.
constexpr std::size_t events_step = 512;
/// Events fetched before the step's size is looked at.
constexpr std::size_t events_fetched = 64;

/// Follows the index of one stream.
class StreamCursor final : public detail::LogCursor {
 public:
  StreamCursor(const SqliteLog& log, Unit* unit, StreamId stream, const ReadStream& options)
      : step_{log, unit, options.step_bytes},
        stream_{std::move(stream)},
        forward_{options.direction == Direction::forward},
        left_{options.events_max} {
    const auto low = forward_ ? options.from : options.to;
    const auto high = forward_ ? options.to : options.from;
    low_ = low.value_or(Revision{0}).value;
    high_ = high.value_or(Revision{std::numeric_limits<std::uint64_t>::max()}).value;
  }

  Result<std::span<const RecordedEvent>> next() override {
    do {
      snapshot_is_old_ = false;
      step_.begin();
      if (left_ == 0 || finished_ || low_ > high_) return std::span<const RecordedEvent>{};
      auto done = step_.read([&](SqlReader& reader) { return read_step(reader); });
      if (!done) return std::move(done).error();
    } while (snapshot_is_old_);
    for (std::size_t i = 0; i < frames_.size(); ++i) {
      if (auto checked = check(i); !checked) return std::move(checked).error();
      if (auto added = step_.add(positions_[i], *frames_[i]); !added) return std::move(added).error();
    }
    left_ -= frames_.size();
    if (!frames_.empty()) {
      scanned_ = std::max(scanned_, std::max(positions_.front(), positions_.back()));
      if (forward_) {
        low_ = first_revision_ + frames_.size();
      } else if (first_revision_ + 1 == frames_.size()) {
        finished_ = true;
      } else {
        high_ = first_revision_ - frames_.size();
      }
    }
    return step_.events();
  }

  [[nodiscard]] GlobalPosition scanned_through() const noexcept override { return {scanned_}; }
  [[nodiscard]] std::optional<Revision> stream_head() const noexcept override { return stream_head_; }
  [[nodiscard]] std::optional<Revision> truncated_before() const noexcept override { return truncated_before_; }
  [[nodiscard]] Revision deleted_before() const noexcept override { return {deleted_before_}; }

 private:
  Result<void> read_step(SqlReader& reader) {
    step_.drop_fetched();
    positions_.clear();
    frames_.clear();
    if (forward_) stream_head_.reset();
    // A store that recovered may have lost, and given again, a number that was not durable.
    if (number_ == 0 || epoch_ != step_.log().database().epoch()) {
      epoch_ = step_.log().database().epoch();
      number_ = 0;
      auto number = reader.first<std::uint32_t>("SELECT number FROM stream WHERE name = $1", {stream_.text()});
      if (!number) return std::move(number).error();
      if (!*number) return {};
      number_ = **number;
    }
    if (auto found = find(reader); !found) return found;
    LogFetch fetch{reader, step_.snapshot(), step_.buffer()};
    while (frames_.size() < positions_.size() && step_.buffer().allocated() < step_.step_bytes()) {
      const std::size_t done = frames_.size();
      const std::size_t count = std::min(events_fetched, positions_.size() - done);
      if (auto fetched = fetch.frames(std::span{positions_}.subspan(done, count), frames_); !fetched) return fetched;
      for (std::size_t i = done; i < frames_.size(); ++i) {
        if (!frames_[i] || !frames_[i]->external) continue;
        if (auto loaded = fetch.load_external(positions_[i], *frames_[i]); !loaded) return loaded;
        if (step_.buffer().allocated() < step_.step_bytes()) continue;
        frames_.resize(i + 1);
      }
    }
    positions_.resize(frames_.size());
    return {};
  }

  Result<void> find(SqlReader& reader) {
    auto kept = apply_retention(reader);
    if (!kept || !*kept) return kept ? Result<void>{} : Result<void>{std::move(kept).error()};
    std::uint64_t limit = std::min<std::uint64_t>(events_step, left_);
    if (forward_) {
      first_revision_ = low_;
    } else {
      if (!head_known_) {
        if (auto found = find_head(reader); !found) return found;
        if (!stream_head_ || stream_head_->value < low_) return {};
        high_ = std::min(high_, stream_head_->value);
        head_known_ = true;
      }
      first_revision_ = high_;
      limit = std::min(limit, high_ - low_ + 1);
    }
    const std::uint64_t from = forward_ ? low_ : high_ - limit + 1;
    auto positions = stream_positions(index(reader), from, high_, static_cast<std::size_t>(limit));
    if (!positions) return std::move(positions).error();
    positions_ = std::move(*positions);
    if (!forward_) {
      if (positions_.size() != limit) {
        return Error{Errc::corrupt,
                     fmt::format("stream {}: the index lacks revisions below {}", stream_.text(), high_)};
      }
      std::reverse(positions_.begin(), positions_.end());
    }
    if (!positions_.empty() || stream_head_) return {};
    const bool ends_here = scanned_ > 0 && high_ == std::numeric_limits<std::uint64_t>::max();
    if (!ends_here) return find_head(reader);
    stream_head_ = Revision{low_ - 1};
    return {};
  }

  Result<void> find_head(SqlReader& reader) {
    auto last = last_revision(index(reader));
    if (!last) return std::move(last).error();
    if (*last) stream_head_ = Revision{**last};
    return {};
  }

  [[nodiscard]] StreamIndex index(SqlReader& reader) const {
    return {reader, step_.snapshot(), step_.log().pending(), step_.group(), number_};
  }

  /// Raises low_ to what the stream keeps; false when there is nothing to read.
  Result<bool> apply_retention(SqlReader& reader) {
    const bool changed_here = step_.in_unit() && step_.group()->retention_changed;
    if (step_.log().retention_version() == 0 && !changed_here) return true;
    auto row = read_retention(reader, number_);
    if (!row) return std::move(row).error();
    if (!*row) return true;
    const StoredRetention& retention = **row;
    deleted_before_ = retention.deleted_before;
    if (auto found = find_head(reader); !found) return std::move(found).error();
    const std::uint64_t next = stream_head_ ? stream_head_->value + 1 : 0;
    // A scavenge may have removed all that the step's snapshot, which is older than its transaction, shows of the
    // stream. The next snapshot is not older than what this transaction says.
    if (retention.removed_before >= next && retention.removed_before > removed_before_ && !step_.in_unit()) {
      removed_before_ = retention.removed_before;
      snapshot_is_old_ = true;
      return false;
    }
    if (!retention.exists(next)) stream_head_.reset();
    std::uint64_t first = std::max(low_, retention.first_kept(next));
    if (retention.keep.age_max && first < next) {
      LogFetch fetch{reader, step_.snapshot(), step_.buffer()};
      auto young = first_young(index(reader), fetch, retention, step_.log().clock().now(), first, next);
      if (!young) return std::move(young).error();
      first = *young;
    }
    if (first > low_) {
      low_ = first;
      truncated_before_ = Revision{first};
    }
    return low_ < next && low_ <= high_;
  }

  /// An index entry counts only when the frame it leads to agrees.
  Result<void> check(std::size_t i) const {
    const std::uint64_t revision = forward_ ? first_revision_ + i : first_revision_ - i;
    const std::optional<FrameView>& frame = frames_[i];
    if (!frame) {
      return Error{Errc::corrupt, fmt::format("stream {}: revision {} was removed from position {}, but should be kept",
                                              stream_.text(), revision, positions_[i])};
    }
    if (frame->stream_name == stream_.text() && frame->revision == revision) return {};
    return Error{Errc::corrupt,
                 fmt::format("stream {}: the index has position {} for revision {}, which holds {} revision {}",
                             stream_.text(), positions_[i], revision, frame->stream_name, frame->revision)};
  }

  CursorStep step_;
  StreamId stream_;
  bool forward_;
  std::uint64_t left_;
  std::uint64_t low_ = 0;
  std::uint64_t high_ = 0;
  bool head_known_ = false;
  bool finished_ = false;
  bool snapshot_is_old_ = false;
  std::uint64_t removed_before_ = 0;  ///< as the transaction said that last found its snapshot old
  std::uint32_t number_ = 0;
  std::uint64_t epoch_ = 0;
  std::uint64_t first_revision_ = 0;
  std::uint64_t scanned_ = 0;
  std::optional<Revision> stream_head_;
  std::optional<Revision> truncated_before_;
  std::uint64_t deleted_before_ = 0;
  std::vector<std::uint64_t> positions_;
  std::vector<std::optional<FrameView>> frames_;
};

}  // namespace

std::unique_ptr<detail::LogCursor> make_stream_cursor(const SqliteLog& log, Unit* unit, StreamId stream,
                                                      ReadStream options) {
  return std::make_unique<StreamCursor>(log, unit, std::move(stream), options);
}

}  // namespace cairn::log
