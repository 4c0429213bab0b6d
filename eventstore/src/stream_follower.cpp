#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "follower.hpp"
#include "log_cursor.hpp"
#include "recent_step.hpp"
#include "sqlite_log.hpp"
#include "wake_key.hpp"

namespace cairn::log {

namespace {

/// Follows one stream by revision, and knows up to which position it has none that are wanted.
class StreamFollower final : public Follower {
 public:
  StreamFollower(const SqliteLog& log, StreamId stream, const StreamStart& start, std::size_t batch_bytes,
                 Counter& file_reads)
      : log_{log},
        file_reads_{file_reads},
        stream_{std::move(stream)},
        batch_bytes_{batch_bytes},
        next_revision_{start.next_revision},
        scanned_{start.after},
        deletion_told_{start.deletion_told},
        recent_step_{log, batch_bytes} {}

  Result<std::span<const RecordedEvent>> step() override {
    truncated_before_.reset();
    const RecentSnapshot recent = log_.recent();
    caught_up_ = false;
    if (auto looked = look_at_retention(); !looked) return std::move(looked).error();
    const std::uint64_t next_before = next_revision_;
    Result<std::span<const RecordedEvent>> events{std::span<const RecordedEvent>{}};
    if (scanned_ < recent.head()) {
      const bool in_memory = !may_be_cut_ && scanned_ + 1 >= recent.first_position();
      events = in_memory ? step_in_memory(recent) : step_in_file(recent.head());
      if (!events) return events;
    }
    if (deleted_before_ > deletion_told_ && deleted_before_ >= next_before) tell_deletion();
    caught_up_ = scanned_ >= recent.head();
    return events;
  }

  [[nodiscard]] std::uint64_t scanned_through() const noexcept override { return scanned_; }
  [[nodiscard]] bool caught_up() const noexcept override { return caught_up_; }
  [[nodiscard]] std::optional<Revision> truncated_before() const noexcept override { return truncated_before_; }
  [[nodiscard]] std::uint64_t retention_seen() const noexcept override { return retention_version_; }
  [[nodiscard]] std::vector<std::uint64_t> wake_keys() const override { return {stream_wake_key(stream_.text())}; }

  void release() override {
    file_cursor_.reset();
    recent_step_.release();
  }

 private:
  /// Whether the stream has a retention: memory holds also what that cuts, so the file is read, where it is applied.
  /// After the snapshot, so that a cut is known before any event that came after it.
  Result<void> look_at_retention() {
    const std::uint64_t version = log_.retention_version();
    if (version == retention_version_) return {};
    auto transaction = log_.database().read();
    if (!transaction) return std::move(transaction).error();
    auto deleted_before = transaction->first<std::uint64_t>(
        "SELECT deleted_before FROM stream_retention WHERE stream = (SELECT number FROM stream WHERE name = $1)",
        {stream_.text()});
    if (!deleted_before) return std::move(deleted_before).error();
    may_be_cut_ = deleted_before->has_value();
    deleted_before_ = deleted_before->value_or(0);
    retention_version_ = version;
    return {};
  }

  /// Also to who was handed all of the life that ended: what it made of those events is of no stream any more.
  void tell_deletion() {
    deletion_told_ = deleted_before_;
    next_revision_ = std::max(next_revision_, deleted_before_);
    truncated_before_ = std::max(truncated_before_.value_or(Revision{}), Revision{deleted_before_});
  }

  /// `head` was the head before the read: what the read does not find is not there up to it.
  Result<std::span<const RecordedEvent>> step_in_file(std::uint64_t head) {
    if (!file_cursor_) {
      file_reads_.add();
      recent_step_.release();
      file_cursor_ =
          make_stream_cursor(log_, nullptr, stream_, {.from = Revision{next_revision_}, .step_bytes = batch_bytes_});
    }
    auto events = file_cursor_->step();
    if (!events) {
      file_cursor_.reset();  // it may have gone on
      return events;
    }
    if (const auto first_kept = file_cursor_->truncated_before(); first_kept && first_kept->value > next_revision_) {
      next_revision_ = first_kept->value;
      truncated_before_ = first_kept;
    }
    deleted_before_ = std::max(deleted_before_, file_cursor_->deleted_before().value);
    if (events->empty()) {
      scanned_ = std::max(scanned_, head);
    } else {
      next_revision_ = events->back().revision.value + 1;
      scanned_ = std::max(scanned_, events->back().position.value);
    }
    return events;
  }

  Result<std::span<const RecordedEvent>> step_in_memory(const RecentSnapshot& recent) {
    file_cursor_.reset();
    recent_step_.begin();
    std::uint64_t through = recent.head();
    std::uint64_t next = next_revision_;
    if (find_positions(scanned_ + 1, through)) {
      for (const std::uint64_t position : positions_) {
        if (position > through) break;
        if (auto taken = consider(recent, position, next); !taken) return std::move(taken).error();
        if (recent_step_.full()) through = position;
      }
    } else {
      for (std::uint64_t position = scanned_ + 1; position <= through; ++position) {
        if (auto taken = consider(recent, position, next); !taken) return std::move(taken).error();
        if (recent_step_.full()) through = position;
      }
    }
    auto events = recent_step_.finish();
    if (events) {
      next_revision_ = next;
      scanned_ = through;
    }
    return events;
  }

  Result<void> consider(const RecentSnapshot& recent, std::uint64_t position, std::uint64_t& next) {
    const BytesView bytes = recent.frame(position);
    const auto frame = peek_frame(bytes, position);
    if (!frame) return frame.error();
    if (frame->stream_name != stream_.text()) return {};
    number_ = frame->stream;
    number_epoch_ = log_.database().epoch();
    if (frame->revision < next) return {};  // it began after a revision that was still to come
    if (frame->revision > next) {
      return Error{Errc::corrupt, fmt::format("stream {}: position {} has revision {}, not {}", stream_.text(),
                                              position, frame->revision, next)};
    }
    ++next;
    return recent_step_.take(position, bytes);
  }

  /// The stream's positions from `from` on by the index entries in memory; false when they do not tell.
  bool find_positions(std::uint64_t from, std::uint64_t through) {
    // A store that recovered may have lost, and given again, a number that was not durable.
    if (number_ == 0 || number_epoch_ != log_.database().epoch()) return false;
    const PendingIndex& pending = log_.pending();
    const std::uint64_t dropped = pending.generations_dropped();
    positions_.clear();
    (void)pending.stream_positions(number_, next_revision_, std::numeric_limits<std::uint64_t>::max(), positions_);
    return pending.holds(from, through) && pending.generations_dropped() == dropped;
  }

  const SqliteLog& log_;
  Counter& file_reads_;
  StreamId stream_;
  std::size_t batch_bytes_;
  std::uint64_t next_revision_;
  std::uint64_t scanned_;
  std::uint32_t number_ = 0;
  std::uint64_t number_epoch_ = 0;
  std::uint64_t retention_version_ = 0;
  bool may_be_cut_ = false;
  std::uint64_t deleted_before_ = 0;  ///< revisions below belong to a life that ended
  std::uint64_t deletion_told_;       ///< deleted_before_, when it was told last
  std::optional<Revision> truncated_before_;
  bool caught_up_ = false;
  RecentStep recent_step_;
  std::unique_ptr<detail::LogCursor> file_cursor_;  // while the file is read
  std::vector<std::uint64_t> positions_;
};

}  // namespace

std::unique_ptr<Follower> make_stream_follower(const SqliteLog& log, StreamId stream, const StreamStart& start,
                                               std::size_t batch_bytes, Counter& file_reads) {
  return std::make_unique<StreamFollower>(log, std::move(stream), start, batch_bytes, file_reads);
}

}  // namespace cairn::log
