#include <algorithm>
#include <limits>

#include "event_matcher.hpp"
#include "follower.hpp"
#include "log_cursor.hpp"
#include "recent_step.hpp"
#include "sqlite_log.hpp"
#include "wake_key.hpp"

namespace cairn::log {

namespace {

/// Follows the log by position.
class FilterFollower final : public Follower {
 public:
  FilterFollower(const SqliteLog& log, EventFilter filter, std::uint64_t after, std::size_t batch_bytes,
                 Counter& file_reads)
      : log_{log},
        file_reads_{file_reads},
        matcher_{std::move(filter)},
        batch_bytes_{batch_bytes},
        scanned_{after},
        recent_step_{log, batch_bytes} {}

  Result<std::span<const RecordedEvent>> step() override {
    const RecentSnapshot recent = log_.recent();
    caught_up_ = scanned_ >= recent.head();
    if (caught_up_) return std::span<const RecordedEvent>{};
    auto events = scanned_ + 1 >= recent.first_position() ? step_in_memory(recent) : step_in_file();
    caught_up_ = events.has_value() && scanned_ >= recent.head();
    return events;
  }

  [[nodiscard]] std::uint64_t scanned_through() const noexcept override { return scanned_; }
  [[nodiscard]] bool caught_up() const noexcept override { return caught_up_; }

  [[nodiscard]] std::vector<std::uint64_t> wake_keys() const override {
    return log::wake_keys(matcher_.filter(), *log_.types(), *log_.categories());
  }

  void release() override {
    file_cursor_.reset();
    recent_step_.release();
  }

 private:
  Result<std::span<const RecordedEvent>> step_in_file() {
    if (!file_cursor_) {
      file_reads_.add();
      recent_step_.release();
      file_cursor_ = make_log_cursor(
          log_, nullptr,
          {.from = GlobalPosition{scanned_ + 1}, .filter = matcher_.filter(), .step_bytes = batch_bytes_});
    }
    auto events = file_cursor_->step();
    if (events) {
      scanned_ = std::max(scanned_, file_cursor_->scanned_through().value);
    } else {
      file_cursor_.reset();  // it may have gone on
    }
    return events;
  }

  Result<std::span<const RecordedEvent>> step_in_memory(const RecentSnapshot& recent) {
    file_cursor_.reset();
    // Names after the snapshot: every name that one of its events uses has been published.
    recent_step_.begin();
    matcher_.resolve_types(recent_step_.types(), false);
    std::uint64_t through = recent.head();
    if (find_candidates(scanned_ + 1, through)) {
      for (const std::uint64_t position : candidates_) {
        if (position > through) break;
        if (auto taken = consider(recent, position); !taken) return std::move(taken).error();
        if (recent_step_.full()) through = position;
      }
    } else {
      for (std::uint64_t position = scanned_ + 1; position <= through; ++position) {
        if (auto taken = consider(recent, position); !taken) return std::move(taken).error();
        if (recent_step_.full()) through = position;
      }
    }
    auto events = recent_step_.finish();
    if (events) scanned_ = through;
    return events;
  }

  Result<void> consider(const RecentSnapshot& recent, std::uint64_t position) {
    const BytesView bytes = recent.frame(position);
    const auto frame = peek_frame(bytes, position);
    if (!frame) return frame.error();
    return matcher_.matches(*frame) ? recent_step_.take(position, bytes) : Result<void>{};
  }

  /// The positions from `from` to `through` that the index entries in memory lead to; false when they do not tell.
  bool find_candidates(std::uint64_t from, std::uint64_t through) {
    const std::vector<std::uint64_t> keys =
        log::wake_keys(matcher_.filter(), recent_step_.types(), recent_step_.categories());
    if (std::ranges::find(keys, any_event_key) != keys.end()) return false;
    const PendingIndex& pending = log_.pending();
    const std::uint64_t dropped = pending.generations_dropped();
    candidates_.clear();
    for (const std::uint64_t key : keys) {
      if (!is_posting_key(key)) continue;
      pending.posting_positions(key, from, through, std::numeric_limits<std::size_t>::max(), false, candidates_);
    }
    if (!pending.holds(from, through) || pending.generations_dropped() != dropped) return false;
    std::ranges::sort(candidates_);
    candidates_.erase(std::ranges::unique(candidates_).begin(), candidates_.end());
    return true;
  }

  const SqliteLog& log_;
  Counter& file_reads_;
  EventMatcher matcher_;
  std::size_t batch_bytes_;
  std::uint64_t scanned_;
  bool caught_up_ = false;
  RecentStep recent_step_;
  std::unique_ptr<detail::LogCursor> file_cursor_;  // while the file is read
  std::vector<std::uint64_t> candidates_;
};

}  // namespace

std::unique_ptr<Follower> make_filter_follower(const SqliteLog& log, EventFilter filter, std::uint64_t after,
                                               std::size_t batch_bytes, Counter& file_reads) {
  return std::make_unique<FilterFollower>(log, std::move(filter), after, batch_bytes, file_reads);
}

}  // namespace cairn::log
