#include <cairn/eventstore/jsonl.hpp>

#include <istream>
#include <ostream>
#include <utility>

#include <fmt/format.h>

#include <cairn/core/call_user.hpp>
#include <cairn/core/line_reader.hpp>
#include <cairn/core/sql/database.hpp>

#include "event_line.hpp"

namespace cairn {
namespace {

/// What an append may say that concerns its event alone; anything else concerns the store.
bool is_about_the_line(Errc code) {
  switch (code) {
    case Errc::conflict:
    case Errc::already_exists:
    case Errc::rejected:
    case Errc::invalid:
    case Errc::too_broad:
    case Errc::not_found:
    case Errc::stream_deleted:
    case Errc::unknown_schema: return true;
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::outcome_unknown:
    case Errc::fenced:
    case Errc::storage_full:
    case Errc::busy_owner:
    case Errc::handler_failed:
    case Errc::corrupt:
    case Errc::cancelled: return false;
  }
  return false;
}

class Import {
 public:
  Import(EventStore& store, std::istream& in, const ImportOptions& options)
      : store_{store}, lines_{in, options.line_bytes_max}, options_{options} {}

  Result<ImportReport> run() {
    while (true) {
      auto line = lines_.next();
      if (!line) return std::move(line).error();
      if (!*line) break;
      ++report_.lines;
      if (auto taken = take(**line); !taken) return std::move(taken).error();
    }
    if (auto done = flush(); !done) return std::move(done).error();
    return std::move(report_);
  }

 private:
  struct Waiting {
    std::uint64_t number;
    log::EventLine line;
  };

  Result<void> take(const LineReader::Line& line) {
    if (line.too_long) {
      return refuse(Error{Errc::invalid, fmt::format("longer than {} bytes", options_.line_bytes_max)}, true);
    }
    if (line.text.find_first_not_of(" \t\r") == std::string_view::npos) return {};
    auto parsed = log::parse_event_line(line.text);
    if (!parsed) return refuse(parsed.error(), true);
    batch_bytes_ += line.text.size();
    batch_.push_back({report_.lines, *std::move(parsed)});
    return batch_.size() >= options_.batch_events || batch_bytes_ >= options_.batch_bytes ? flush() : Result<void>{};
  }

  /// `batch_first`: lines before this one are waiting.
  Result<void> refuse(const Error& why, bool batch_first, std::uint64_t number = 0) {
    if (number == 0) number = report_.lines;
    if (options_.bad_lines == BadLines::stop) {
      if (batch_first) {
        if (auto done = flush(); !done) return done;
      }
      return Error{why.code(), fmt::format("import: line {}: {}", number, why.message())}.with("line", number);
    }
    ++report_.bad;
    if (report_.bad_lines.size() < options_.bad_lines_kept) report_.bad_lines.push_back({number, why.message()});
    return {};
  }

  Result<void> flush() {
    if (options_.stop.stop_requested()) return Error{Errc::cancelled, "import: stopped"};
    std::vector<Result<Appended>> outcomes;
    auto written = store_.database().write([&](Unit& unit) { return append_batch(unit, outcomes); }, batch_bytes_);
    if (!written) return written;
    Result<void> refused;
    for (std::size_t i = 0; i < outcomes.size() && refused; ++i) {
      if (outcomes[i]) {
        ++(outcomes[i]->repeated ? report_.repeated : report_.appended);
      } else {
        refused = refuse(outcomes[i].error(), false, batch_[i].number);
      }
    }
    batch_.clear();
    batch_bytes_ = 0;
    if (!refused || !options_.on_progress) return refused;
    return call_user("on_progress", [&] { options_.on_progress(report_.lines); });
  }

  // Up to the first event that is refused, if that is to stop the import.
  Result<void> append_batch(Unit& unit, std::vector<Result<Appended>>& outcomes) {
    outcomes.clear();
    for (const Waiting& one : batch_) {
      const log::EventLine& line = one.line;
      // Without a time of its own it is recorded now.
      auto done = store_.append_recorded(unit, line.stream, line.revision, line.event,
                                         line.recorded_at.value_or(Timestamp::max()));
      if (!done && !is_about_the_line(done.error().code())) return std::move(done).error();
      const bool last = !done && options_.bad_lines == BadLines::stop;
      outcomes.push_back(std::move(done));
      if (last) break;
    }
    return {};
  }

  EventStore& store_;
  LineReader lines_;
  const ImportOptions& options_;
  ImportReport report_;
  std::vector<Waiting> batch_;
  std::size_t batch_bytes_ = 0;
};

}  // namespace

Result<ExportReport> export_jsonl(const EventStore& store, std::ostream& out, const ExportOptions& options) {
  Reader reader = options.stream ? store.read_stream(*options.stream)
                                 : store.read_all({.from = options.from, .to = options.to, .filter = options.filter});
  ExportReport report;
  std::string lines;
  while (true) {
    if (options.stop.stop_requested()) return Error{Errc::cancelled, "export: stopped"};
    auto batch = reader.next();
    if (!batch) return std::move(batch).error();
    if (batch->empty()) break;
    lines.clear();
    for (const RecordedEvent& event : *batch) log::append_event_line(event, lines);
    out.write(lines.data(), static_cast<std::streamsize>(lines.size()));
    if (!out) return Error{Errc::unavailable, "export: the output failed"};
    report.events += batch->size();
    report.bytes += lines.size();
    if (!options.on_progress) continue;
    auto told = call_user("on_progress", [&] { options.on_progress(report.events); });
    if (!told) return std::move(told).error();
  }
  out.flush();
  if (!out) return Error{Errc::unavailable, "export: the output failed"};
  return report;
}

Result<ImportReport> import_jsonl(EventStore& store, std::istream& in, const ImportOptions& options) {
  return Import{store, in, options}.run();
}

}  // namespace cairn
