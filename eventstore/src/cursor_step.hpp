#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/read_tx.hpp>
#include <cairn/core/sql/unit.hpp>
#include <cairn/eventstore/recorded_event.hpp>

#include "frame.hpp"
#include "log_tail.hpp"
#include "name_table.hpp"
#include "sqlite_log.hpp"
#include "step_buffer.hpp"

namespace cairn::log {

/// What the cursors share: a snapshot and a transaction for each step, memory that the step's events point into,
/// and the way from a frame to a RecordedEvent.
class CursorStep {
 public:
  CursorStep(const SqliteLog& log, Unit* unit, std::size_t step_bytes)
      : log_{log}, unit_{unit}, step_bytes_{step_bytes} {}

  [[nodiscard]] const SqliteLog& log() const noexcept { return log_; }
  [[nodiscard]] bool in_unit() const noexcept { return unit_ != nullptr; }
  [[nodiscard]] std::size_t step_bytes() const noexcept { return step_bytes_; }
  [[nodiscard]] const LogSnapshot& snapshot() const noexcept { return snapshot_; }
  [[nodiscard]] StepBuffer& buffer() noexcept { return buffer_; }
  [[nodiscard]] const OpenGroup* group() const noexcept { return unit_ == nullptr ? nullptr : &log_.open_group(); }
  [[nodiscard]] const NameTable& types() const noexcept { return *types_; }
  [[nodiscard]] const NameTable& categories() const noexcept { return *categories_; }

  /// Forgets the last step's events and looks at the log as it is now.
  void begin();
  /// Lets go of the log's memory: what the step's events point into must be in buffer().
  void release_snapshot() noexcept { snapshot_ = {}; }

  /// Gives back what the step has fetched. First in a read() that fetches: what an earlier run of it brought in would
  /// count towards the step's size.
  void drop_fetched() { buffer_.reset(step_bytes_ * 2); }

  /// Runs `f(SqlReader&) -> Result<void>` in the unit, or in a read transaction that ends before this returns. It
  /// runs again when index entries left memory meanwhile, so it must be free of other effects.
  template <class F>
  Result<void> read(F&& f) {
    if (unit_ != nullptr) return f(static_cast<SqlReader&>(*unit_));
    for (;;) {
      const std::uint64_t dropped = log_.pending().generations_dropped();
      auto transaction = log_.database().read();
      if (!transaction) return std::move(transaction).error();
      // An index that seems to have a hole may have lost its memory part to the tables meanwhile, too.
      auto done = f(static_cast<SqlReader&>(*transaction));
      if (log_.pending().generations_dropped() == dropped) return done;
    }
  }

  /// Adds an event to the step. The frame's bytes are in buffer() or in the snapshot's tail.
  Result<void> add(std::uint64_t position, const FrameView& frame);
  [[nodiscard]] std::span<const RecordedEvent> events() const noexcept { return events_; }
  [[nodiscard]] std::size_t count() const noexcept { return events_.size(); }
  /// An event of this step whose payload is in a row of its own and was not read with its frame.
  struct External {
    std::size_t index;
    FrameView frame;
  };
  /// Reads the payloads of `external`, in order of index. Events that were removed since their frames were read leave
  /// the step; returns how many.
  Result<std::size_t> load_external(std::span<External> external);

 private:
  const SqliteLog& log_;
  Unit* unit_;
  std::size_t step_bytes_;
  LogSnapshot snapshot_;
  StepBuffer buffer_;
  std::shared_ptr<const NameTable> types_;
  std::shared_ptr<const NameTable> categories_;
  std::vector<std::string_view> type_names_;
  std::vector<RecordedEvent> events_;
};

}  // namespace cairn::log
