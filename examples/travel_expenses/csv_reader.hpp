#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/core/result.hpp>

namespace travel_expenses {

/// Reads CSV as RFC 4180 says: comma, double quotes, a quote inside quotes doubled, lines ending in CRLF or LF.
/// Strict: a quote inside an unquoted field, text after a closing quote and an open quote at the end are errors of
/// their record, after which reading goes on with the next line. Empty lines are skipped.
class CsvReader {
 public:
  /// `text` outlives the reader.
  explicit CsvReader(std::string_view text) noexcept : text_{text} {}

  /// The next record's fields, good until the next call; nothing at the end. Errors: invalid, with the reason.
  [[nodiscard]] cairn::Result<std::optional<std::span<const std::string>>> next();

  /// The line the last record began on; the first is 1.
  [[nodiscard]] std::size_t line() const noexcept { return record_line_; }
  [[nodiscard]] std::size_t bytes_read() const noexcept { return at_; }

 private:
  void skip_empty_lines() noexcept;
  [[nodiscard]] bool at_line_end() const noexcept;
  void end_line() noexcept;
  std::string& next_field();
  cairn::Result<void> read_field();
  cairn::Result<void> read_quoted_field();
  cairn::Error give_up_record(std::size_t record_begin, std::string reason);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t record_line_ = 0;
  std::vector<std::string> fields_;  // only the first `used_` belong to the record; the rest keep their memory
  std::size_t used_ = 0;
};

}  // namespace travel_expenses
