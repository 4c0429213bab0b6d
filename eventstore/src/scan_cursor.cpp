#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "chunk_view.hpp"
#include "cursor_step.hpp"
#include "event_matcher.hpp"
#include "log_cursor.hpp"
#include "log_fetch.hpp"

namespace cairn::log {

namespace {

/// Goes through the log itself, whole chunks at a time.
class ScanCursor final : public detail::LogCursor {
 public:
  ScanCursor(const SqliteLog& log, Unit* unit, ReadAll options)
      : step_{log, unit, options.step_bytes},
        matcher_{std::move(options.filter)},
        forward_{options.direction == Direction::forward},
        left_{options.events_max} {
    const auto beginning = GlobalPosition{1};
    const auto end = GlobalPosition{std::numeric_limits<std::uint64_t>::max()};
    if (forward_) {
      low_ = std::max<std::uint64_t>(options.from.value_or(beginning).value, 1);
      high_ = options.to.value_or(end).value;
    } else {
      low_ = std::max<std::uint64_t>(options.to.value_or(beginning).value, 1);
      high_ = options.from.value_or(end).value;
    }
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
    matcher_.resolve_types(step_.types(), step_.in_unit());
    if (auto done = forward_ ? forward(high) : backward(high); !done) return std::move(done).error();
    return step_.events();
  }

  [[nodiscard]] GlobalPosition scanned_through() const noexcept override { return {scanned_}; }

 private:
  struct Copied {
    std::uint64_t number;
    BytesView body;
  };

  Result<void> forward(std::uint64_t high) {
    const std::uint64_t memory_first = step_.snapshot().memory_first();
    if (low_ >= memory_first) {
      const std::uint64_t end = std::min(high, low_ + memory_events_max - 1);
      for (std::uint64_t position = low_; position <= end && goes_on(); ++position) {
        if (auto taken = take_from_memory(position); !taken) return taken;
        low_ = position + 1;
      }
    } else {
      const std::uint64_t end_chunk = chunk_of(std::min(high, memory_first - 1)) + 1;
      if (auto copied = copy_chunks(chunk_of(low_), end_chunk); !copied) return copied;
      for (const Copied& chunk : copied_) {
        if (auto taken = take_chunk(chunk, high); !taken) return taken;
        low_ = std::max(low_, scanned_in_chunk_ + 1);
        if (!goes_on()) break;
      }
    }
    scanned_ = low_ - 1;
    return load_external();
  }

  Result<void> backward(std::uint64_t high) {
    const std::uint64_t memory_first = step_.snapshot().memory_first();
    if (high >= memory_first) {
      const std::uint64_t begin = std::max(memory_first, low_);
      for (std::uint64_t position = high; position >= begin && goes_on(); --position) {
        if (auto taken = take_from_memory(position); !taken) return taken;
        high_ = position - 1;
      }
    } else {
      const std::uint64_t number = chunk_of(high);
      if (auto copied = copy_chunks(number, number + 1); !copied) return copied;
      if (auto taken = take_chunk(copied_.front(), high); !taken) return taken;
      high_ = (goes_on() ? first_position_of(number) : scanned_in_chunk_) - 1;
    }
    scanned_ = high_;
    return load_external();
  }

  Result<void> take_from_memory(std::uint64_t position) {
    auto frame = decode_frame(memory_frame(step_.snapshot(), position, step_.buffer()), position);
    if (!frame) return std::move(frame).error();
    return take(position, *frame);
  }

  /// Copies chunks from `begin` on, about step_bytes of them, in one transaction.
  Result<void> copy_chunks(std::uint64_t begin, std::uint64_t end) {
    return step_.read([&](SqlReader& reader) -> Result<void> {
      copied_.clear();
      step_.drop_fetched();
      LogFetch fetch{reader, step_.snapshot(), step_.buffer()};
      for (std::uint64_t number = begin; number < end; ++number) {
        auto body = fetch.chunk(number);
        if (!body) return std::move(body).error();
        copied_.push_back({number, *body});
        if (step_.buffer().allocated() >= step_.step_bytes()) break;
      }
      return {};
    });
  }

  Result<void> take_chunk(const Copied& chunk, std::uint64_t high) {
    const std::uint64_t first = first_position_of(chunk.number);
    const auto view = ChunkView::parse(chunk.body, chunk.number);
    if (!view) return view.error();
    if (auto linked = check_chain(chunk.number, *view); !linked) return linked;
    const std::uint64_t begin = std::max(low_, first);
    const std::uint64_t last = std::min(high, first + chunk_events - 1);
    for (std::uint64_t i = 0; i <= last - begin && goes_on(); ++i) {
      const std::uint64_t position = forward_ ? begin + i : last - i;
      scanned_in_chunk_ = position;
      if (!view->kept().holds(slot_of(position))) continue;
      const auto frame = decode_verified_frame(view->frame(slot_of(position)));
      if (!frame)
        return Error{Errc::corrupt, fmt::format("chunk {}: frame of position {} is malformed", chunk.number, position)};
      if (auto taken = take(position, *frame); !taken) return taken;
    }
    return {};
  }

  /// Neighbouring chunks must agree on the checksum that links them.
  Result<void> check_chain(std::uint64_t number, const ChunkView& chunk) {
    const bool follows = linked_ && number == linked_chunk_ + 1;
    const bool precedes = linked_ && number + 1 == linked_chunk_;
    if ((follows && chunk.previous_crc() != link_) || (precedes && chunk.link() != linked_previous_crc_) ||
        (number == 0 && chunk.previous_crc() != 0)) {
      return Error{Errc::corrupt, fmt::format("chunk {} is not the one its neighbour was written beside", number)};
    }
    linked_ = true;
    linked_chunk_ = number;
    link_ = chunk.link();
    linked_previous_crc_ = chunk.previous_crc();
    return {};
  }

  Result<void> take(std::uint64_t position, const FrameView& frame) {
    if (!matcher_.matches(frame)) return {};
    if (auto added = step_.add(position, frame); !added) return added;
    if (frame.external) {
      external_.push_back({step_.count() - 1, frame});
      external_bytes_ += frame.data_size;
    }
    --left_;
    return {};
  }

  /// A step ends with its events or with the bytes of the large payloads that it will fetch.
  [[nodiscard]] bool goes_on() const noexcept { return left_ > 0 && external_bytes_ < step_.step_bytes(); }

  /// Large payloads are fetched for the events that passed the filter only.
  Result<void> load_external() {
    if (external_.empty()) return {};
    auto removed = step_.load_external(external_);
    external_.clear();
    external_bytes_ = 0;
    if (!removed) return std::move(removed).error();
    left_ += *removed;
    return {};
  }

  static constexpr std::uint64_t memory_events_max = 1'024;

  CursorStep step_;
  EventMatcher matcher_;
  bool forward_;
  bool at_end_ = false;
  std::uint64_t left_;
  std::uint64_t low_ = 1;
  std::uint64_t high_ = 0;
  std::uint64_t scanned_ = 0;
  std::uint64_t scanned_in_chunk_ = 0;
  std::vector<Copied> copied_;
  std::vector<CursorStep::External> external_;
  std::size_t external_bytes_ = 0;
  bool linked_ = false;
  std::uint64_t linked_chunk_ = 0;
  std::uint32_t link_ = 0;
  std::uint32_t linked_previous_crc_ = 0;
};

}  // namespace

std::unique_ptr<detail::LogCursor> make_scan_cursor(const SqliteLog& log, Unit* unit, ReadAll options) {
  return std::make_unique<ScanCursor>(log, unit, std::move(options));
}

}  // namespace cairn::log
