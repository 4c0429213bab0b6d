#include <cairn/dlq/letters_jsonl.hpp>

#include <istream>
#include <ostream>

#include <fmt/format.h>

#include <cairn/core/line_reader.hpp>
#include <cairn/core/sql/database.hpp>

#include "letter_json.hpp"

namespace cairn {

Result<std::uint64_t> export_letters(const DeadLetters& letters, std::ostream& out, const LetterFilter& filter,
                                     std::stop_token stop) {
  std::uint64_t written = 0;
  ListLetters options{.filter = filter, .direction = Direction::forward};
  for (;;) {
    auto page = letters.list(options);
    if (!page) return std::move(page).error();
    for (const LetterSummary& summary : page->letters) {
      if (stop.stop_requested()) return Error{Errc::cancelled, "export dead letters: stopped"};
      auto letter = letters.get(summary.id);
      if (!letter && letter.error().code() == Errc::not_found) continue;  // deleted since the page was read
      if (!letter) return std::move(letter).error();
      out << letters::to_json(*letter) << '\n';
      ++written;
    }
    if (!page->next) break;
    options.after = page->next;
  }
  if (!out.flush()) return Error{Errc::unavailable, "export dead letters: the output failed"};
  return written;
}

namespace {

Result<Parked> restore_line(DeadLetters& letters, const LineReader::Line& line, std::size_t bytes_max) {
  if (line.too_long) return Error{Errc::invalid, fmt::format("longer than {} bytes", bytes_max)};
  auto letter = letters::letter_from(line.text);
  if (!letter) return std::move(letter).error();
  return letters.database().write([&](Unit& unit) { return letters.restore(unit, *letter); }, line.text.size());
}

}  // namespace

Result<ImportedLetters> import_letters(DeadLetters& letters, std::istream& in, const ImportLetters& options) {
  ImportedLetters report;
  LineReader lines{in, options.line_bytes_max};
  for (;;) {
    if (options.stop.stop_requested()) return Error{Errc::cancelled, "import dead letters: stopped"};
    auto line = lines.next();
    if (!line) return std::move(line).error();
    if (!*line) return report;
    ++report.lines;
    auto restored = restore_line(letters, **line, options.line_bytes_max);
    if (restored) {
      ++(restored->repeated ? report.repeated : report.restored);
      continue;
    }
    if (restored.error().code() != Errc::invalid || options.bad_lines == BadLines::stop) {
      return Error{restored.error().code(),
                   fmt::format("import dead letters: line {}: {}", report.lines, restored.error().message())}
          .with("line", report.lines);
    }
    ++report.bad;
    if (report.bad_lines.size() < options.bad_lines_kept) {
      report.bad_lines.push_back({.number = report.lines, .reason = restored.error().message()});
    }
  }
}

}  // namespace cairn
