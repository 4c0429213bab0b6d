#include "importer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace travel_expenses {

using cairn::Appended;
using cairn::Errc;
using cairn::Error;
using cairn::ExpectedRevision;
using cairn::Result;
using cairn::StreamAppend;

namespace {

/// The belief that a stream has so many events.
ExpectedRevision after_events(std::uint64_t events) {
  return events == 0 ? ExpectedRevision::no_stream() : ExpectedRevision::exactly(events - 1);
}

double share_of(std::size_t part, std::size_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

Result<void> check_header(CsvReader& reader) {
  const auto header = reader.next();
  if (!header) return header.error();
  if (!*header || !std::ranges::equal(**header, row_columns)) {
    return Error{Errc::invalid, fmt::format("import: the first line is not {}", fmt::join(row_columns, ","))};
  }
  return {};
}

}  // namespace

Result<ImportSummary> Importer::run(std::string_view csv, const OnProgress& on_progress) {
  CsvReader reader{csv};
  if (auto good = check_header(reader); !good) return std::move(good).error();
  const auto finish_round = [&]() -> Result<void> {
    if (auto appended = append_round(); !appended) return appended;
    if (on_progress) on_progress({summary_.rows, share_of(reader.bytes_read(), csv.size())});
    return {};
  };
  for (auto record = reader.next(); !record || *record; record = reader.next()) {
    ++summary_.rows;
    const Result<void> taken = record ? take(**record, reader.line()) : record.error();
    if (!taken) note_bad_row(reader.line(), taken.error().message());
    if (rows_in_round_ < rows_per_round) continue;
    if (auto finished = finish_round(); !finished) return std::move(finished).error();
  }
  if (auto finished = finish_round(); !finished) return std::move(finished).error();
  std::ranges::stable_sort(summary_.bad_rows, {}, &BadRow::line);
  return std::move(summary_);
}

Result<void> Importer::take(std::span<const std::string> fields, std::size_t line) {
  const auto row = DeclarationRow::from_fields(fields);
  if (!row) return row.error();
  if (const auto same = lines_by_id_.find(row->event_id); same != lines_by_id_.end()) {
    return Error{Errc::invalid, fmt::format("event_id is that of line {}", same->second)};
  }
  StreamEnd& end = ends_[row->stream];
  if (row->place < end.next_place) {
    return Error{Errc::invalid, fmt::format("seq {} comes after seq {} of its case", row->place, end.next_place - 1)};
  }
  auto event = row->to_new_event();
  if (!event) return std::move(event).error();

  const auto [found, is_new] = in_round_.try_emplace(row->stream, round_.size());
  if (is_new) round_.push_back({.stream = row->stream, .expected = after_events(end.events)});
  Batch& batch = round_[found->second];
  batch.events.push_back(std::move(*event));
  batch.lines.push_back(line);
  end = {.events = end.events + 1, .next_place = row->place + 1};
  lines_by_id_.emplace(row->event_id, line);
  ++rows_in_round_;
  return {};
}

Result<void> Importer::append_round() {
  if (round_.empty()) return {};
  std::vector<StreamAppend> appends;
  appends.reserve(round_.size());
  for (const Batch& batch : round_) appends.push_back({batch.stream, batch.expected, batch.events});

  const auto landed = store_.append(appends);
  if (landed) {
    for (std::size_t i = 0; i < landed->size(); ++i) count((*landed)[i], round_[i].events.size());
  } else if (landed.error().code() == Errc::conflict) {
    if (auto appended = append_one_by_one(); !appended) return appended;
  } else {
    return landed.error();
  }
  round_.clear();
  in_round_.clear();
  rows_in_round_ = 0;
  return {};
}

/// When the round as a whole is refused: a part of it is in the log already, from a file that ended earlier, or a
/// declaration has another history there. Event by event, each finds its place or its own refusal.
Result<void> Importer::append_one_by_one() {
  for (const Batch& batch : round_) {
    ExpectedRevision expected = batch.expected;
    for (std::size_t i = 0; i < batch.events.size(); ++i) {
      const auto landed = store_.append(batch.stream, expected, batch.events[i]);
      if (landed) {
        count(*landed, 1);
        expected = ExpectedRevision::exactly(landed->last_revision);
      } else if (landed.error().code() == Errc::conflict) {
        note_bad_row(batch.lines[i], landed.error().to_string());
      } else {
        return landed.error();
      }
    }
  }
  return {};
}

void Importer::count(const Appended& landed, std::size_t events) {
  (landed.repeated ? summary_.repeats : summary_.appended) += events;
}

void Importer::note_bad_row(std::size_t line, std::string reason) {
  summary_.bad_rows.push_back({line, std::move(reason)});
}

}  // namespace travel_expenses
