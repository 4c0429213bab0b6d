#include <algorithm>
#include <limits>
#include <optional>

#include "cursor_step.hpp"
#include "event_matcher.hpp"
#include "index_plan.hpp"
#include "log_cursor.hpp"
#include "log_fetch.hpp"

namespace cairn::log {

namespace {

/// Index entries one step takes up.
constexpr std::size_t candidates_step = 256;

/// Follows the posting lists of a filter and lets the frames decide.
class IndexCursor final : public detail::LogCursor {
 public:
  IndexCursor(const SqliteLog& log, Unit* unit, ReadAll options)
      : step_{log, unit, options.step_bytes},
        matcher_{std::move(options.filter)},
        direction_{options.direction},
        left_{options.events_max} {
    const bool forward = direction_ == Direction::forward;
    const auto low = forward ? options.from : options.to;
    const auto high = forward ? options.to : options.from;
    low_ = std::max<std::uint64_t>(low.value_or(GlobalPosition{1}).value, 1);
    high_ = high.value_or(GlobalPosition{std::numeric_limits<std::uint64_t>::max()}).value;
    scanned_ = low_ - 1;
  }

  Result<std::span<const RecordedEvent>> next() override {
    for (;;) {
      auto events = step();
      if (!events || !events->empty() || at_end_) return events;
    }
  }

  Result<std::span<const RecordedEvent>> step() override {
    step_.begin();
    const std::uint64_t high = std::min(high_, step_.snapshot().head);
    at_end_ = left_ == 0 || low_ > high;
    if (at_end_) return std::span<const RecordedEvent>{};
    auto done = step_.read([&](SqlReader& reader) { return search(reader, high); });
    if (!done) return std::move(done).error();
    for (std::size_t i = 0; i < found_.positions.size() && left_ > 0; ++i) {
      if (!matches_[i]) continue;
      if (auto added = step_.add(found_.positions[i], *frames_[i]); !added) return std::move(added).error();
      --left_;
      scanned_ = found_.positions[i];
    }
    if (direction_ == Direction::forward) {
      if (left_ > 0) scanned_ = found_.scanned_through;
      low_ = scanned_ + 1;
    } else {
      high_ = found_.scanned_through - 1;
      scanned_ = high_;
    }
    return step_.events();
  }

  [[nodiscard]] GlobalPosition scanned_through() const noexcept override { return {scanned_}; }

 private:
  Result<void> search(SqlReader& reader, std::uint64_t high) {
    step_.drop_fetched();
    frames_.clear();
    matches_.clear();
    const std::size_t limit = static_cast<std::size_t>(std::min<std::uint64_t>(candidates_step, left_ * 4));
    if (auto found = find(reader, high, limit); !found) return found;
    matcher_.resolve_types(step_.types(), step_.in_unit());
    LogFetch fetch{reader, step_.snapshot(), step_.buffer()};
    if (auto fetched = fetch.frames(found_.positions, frames_); !fetched) return fetched;
    for (std::size_t i = 0; i < frames_.size(); ++i) {
      matches_.push_back(frames_[i] && matcher_.matches(*frames_[i]));
      if (!matches_.back() || !frames_[i]->external) continue;
      if (auto loaded = fetch.load_external(found_.positions[i], *frames_[i]); !loaded) return loaded;
      if (step_.buffer().allocated() >= step_.step_bytes()) return end_behind(i);
    }
    return {};
  }

  /// Leaves what comes after candidate `last` to the next step.
  Result<void> end_behind(std::size_t last) {
    if (last + 1 == frames_.size()) return {};
    frames_.resize(last + 1);
    found_.positions.resize(last + 1);
    found_.scanned_through = found_.positions.back();
    return {};
  }

  /// Candidates of the committed log by its indexes; all that an open group has appended, which has none.
  Result<void> find(SqlReader& reader, std::uint64_t high, std::size_t limit) {
    const LogSnapshot& snapshot = step_.snapshot();
    const std::uint64_t committed = snapshot.group == nullptr ? snapshot.head : snapshot.group_first - 1;
    const bool forward = direction_ == Direction::forward;
    found_ = {};
    found_.scanned_through = forward ? low_ - 1 : high + 1;
    if (!forward && high > committed) {
      for (std::uint64_t position = high; position > committed && position >= low_; --position) take(position);
      return {};
    }
    if (low_ <= committed) {
      const auto plan = IndexPlan::make(matcher_.filter(), step_.types(), step_.categories(), step_.in_unit());
      IndexSearch index{reader, step_.log().pending()};
      auto found = index.find(*plan, low_, std::min(high, committed), limit, direction_);
      if (!found) return std::move(found).error();
      found_ = std::move(*found);
      return {};
    }
    for (std::uint64_t position = low_; position <= high; ++position) take(position);
    return {};
  }

  void take(std::uint64_t position) {
    found_.positions.push_back(position);
    found_.scanned_through = position;
  }

  CursorStep step_;
  EventMatcher matcher_;
  Direction direction_;
  bool at_end_ = false;
  std::uint64_t left_;
  std::uint64_t low_ = 1;
  std::uint64_t high_ = 0;
  std::uint64_t scanned_ = 0;
  Candidates found_;
  std::vector<std::optional<FrameView>> frames_;
  std::vector<bool> matches_;
};

}  // namespace

std::unique_ptr<detail::LogCursor> make_index_cursor(const SqliteLog& log, Unit* unit, ReadAll options) {
  return std::make_unique<IndexCursor>(log, unit, std::move(options));
}

}  // namespace cairn::log
