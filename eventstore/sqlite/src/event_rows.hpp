#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/sql_reader.hpp>

#include "event_query.hpp"
#include "frame.hpp"
#include "log_tail.hpp"
#include "name_table.hpp"
#include "step_buffer.hpp"

namespace cairn::events_table {

/// The events of a query, one after the other, read from the tables of a store. Everything happens within one
/// transaction of the reader's, which lasts at least from the first start() to the last row: the end of the log, the
/// names and the reach of the index are read once.
/// Errors, all of whose messages say what is damaged or missing: invalid (not a store, or one of a newer format),
/// corrupt, and those of SqlReader.
class EventRows {
 public:
  explicit EventRows(SqlReader& reader) noexcept : reader_{reader} {}

  /// Goes to the first row.
  Result<void> start(EventQuery query);
  Result<void> next();
  [[nodiscard]] bool at_end() const noexcept { return row_ >= frames_.size(); }

  [[nodiscard]] std::uint64_t position() const noexcept { return positions_[row_]; }
  /// Of the row; valid until it is left. Its data may have to be fetched: see data().
  [[nodiscard]] const log::FrameView& frame() const noexcept { return frames_[row_]; }
  Result<std::string_view> type() const;
  /// Valid until the next call of this, start() or next().
  Result<BytesView> data();

 private:
  enum class Part : std::uint8_t { index, scan, none };

  Result<void> load();
  Result<void> find_number();
  Result<void> fill();
  Result<void> take_scan();
  Result<void> take_postings();
  Result<void> take_stream();
  Result<void> take_stream_window(std::uint64_t from, std::uint64_t to);
  void end_part() noexcept;
  [[nodiscard]] bool forward() const noexcept { return query_.direction == Direction::forward; }
  [[nodiscard]] Result<bool> belongs(std::size_t candidate, const std::optional<log::FrameView>& found) const;

  SqlReader& reader_;

  // Of the log, once loaded.
  bool loaded_ = false;
  log::LogSnapshot snapshot_;
  std::shared_ptr<const log::NameTable> types_;
  std::shared_ptr<const log::NameTable> categories_;
  std::uint64_t indexed_through_ = 0;

  // Of the query. The index has what is indexed, a scan what is not yet; by position there is the scan alone.
  EventQuery query_;
  std::uint32_t number_ = 0;
  std::optional<std::uint64_t> posting_key_;  ///< whose postings have the candidates; none: the stream's index has
  Part part_ = Part::none;
  std::uint64_t index_min_ = 1;
  std::uint64_t index_max_ = 0;
  std::uint64_t scan_min_ = 1;
  std::uint64_t scan_max_ = 0;
  std::uint64_t revision_min_ = 0;
  std::uint64_t revision_max_ = 0;
  bool last_revision_known_ = false;
  std::size_t batch_ = 0;

  // Of the batch the row is in.
  std::vector<std::uint64_t> candidates_;
  std::vector<std::uint64_t> revisions_;  ///< that the stream's index says the candidates have
  std::vector<std::optional<log::FrameView>> fetched_;
  std::vector<std::uint64_t> positions_;
  std::vector<log::FrameView> frames_;
  std::size_t row_ = 0;
  log::StepBuffer buffer_;
  log::StepBuffer payload_;
};

}  // namespace cairn::events_table
