#include "csv_reader.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace travel_expenses {

using cairn::Errc;
using cairn::Error;
using cairn::Result;

Result<std::optional<std::span<const std::string>>> CsvReader::next() {
  using Record = std::optional<std::span<const std::string>>;
  skip_empty_lines();
  record_line_ = line_;
  used_ = 0;
  if (at_ == text_.size()) return Record{};
  const std::size_t begin = at_;
  for (;;) {
    if (auto read = read_field(); !read) return give_up_record(begin, read.error().message());
    if (at_ == text_.size() || text_[at_] != ',') break;
    ++at_;
  }
  end_line();
  return Record{std::span{fields_.data(), used_}};
}

Result<void> CsvReader::read_field() {
  if (at_ < text_.size() && text_[at_] == '"') return read_quoted_field();
  std::string& field = next_field();
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_[at_] != ',' && !at_line_end()) {
    if (text_[at_] == '"')
      return Error{Errc::invalid, fmt::format("field {}: a quote inside an unquoted field", used_)};
    ++at_;
  }
  field = text_.substr(begin, at_ - begin);
  return {};
}

Result<void> CsvReader::read_quoted_field() {
  std::string& field = next_field();
  ++at_;
  for (;;) {
    const std::size_t quote = text_.find('"', at_);
    if (quote == std::string_view::npos) {
      return Error{Errc::invalid, fmt::format("field {}: the quote is never closed", used_)};
    }
    field += text_.substr(at_, quote - at_);
    at_ = quote + 1;
    if (at_ < text_.size() && text_[at_] == '"') {
      field += '"';
      ++at_;
      continue;
    }
    if (at_ == text_.size() || text_[at_] == ',' || at_line_end()) break;
    return Error{Errc::invalid, fmt::format("field {}: text after the closing quote", used_)};
  }
  line_ += static_cast<std::size_t>(std::ranges::count(field, '\n'));
  return {};
}

std::string& CsvReader::next_field() {
  if (used_ == fields_.size()) fields_.emplace_back();
  std::string& field = fields_[used_++];
  field.clear();
  return field;
}

bool CsvReader::at_line_end() const noexcept {
  return text_[at_] == '\n' || (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n');
}

void CsvReader::end_line() noexcept {
  if (at_ == text_.size()) return;
  at_ += text_[at_] == '\r' ? 2 : 1;
  ++line_;
}

void CsvReader::skip_empty_lines() noexcept {
  while (at_ < text_.size() && at_line_end()) end_line();
}

/// Goes on after the line the record began on: an open quote must not swallow the rest of the file.
Error CsvReader::give_up_record(std::size_t record_begin, std::string reason) {
  at_ = std::min(text_.find('\n', record_begin), text_.size());
  line_ = record_line_;
  end_line();
  return Error{Errc::invalid, std::move(reason)};
}

}  // namespace travel_expenses
