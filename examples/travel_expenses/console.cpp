#include "console.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "grouped.hpp"
#include "per_second.hpp"

namespace travel_expenses {
namespace {

template <class... Args>
void say(fmt::format_string<Args...> text, Args&&... args) {
  const std::string line = fmt::format(text, std::forward<Args>(args)...) + "\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
}

/// "0.91 s, 61,405 rows/s"
std::string rate_text(std::uint64_t count, std::string_view what, std::chrono::nanoseconds time) {
  return fmt::format("{:.2f} s, {} {}/s", std::chrono::duration<double>(time).count(), grouped(per_second(count, time)),
                     what);
}

/// Most frequent first.
void print_counts(std::string_view title, const std::map<std::string, std::uint64_t>& counts) {
  std::vector<std::pair<std::string, std::uint64_t>> sorted{counts.begin(), counts.end()};
  std::ranges::stable_sort(sorted, std::ranges::greater{}, &std::pair<std::string, std::uint64_t>::second);
  say("\n{}", title);
  for (const auto& [name, count] : sorted) say("  {:>7}  {}", grouped(count), name);
}

}  // namespace

void print_import(std::string_view title, const ImportSummary& summary, std::chrono::nanoseconds time) {
  say("{}: {} rows, {} new, {} repeats, {} bad; {}", title, grouped(summary.rows), grouped(summary.appended),
      grouped(summary.repeats), grouped(summary.bad_rows.size()), rate_text(summary.rows, "rows", time));
  for (const BadRow& row : summary.bad_rows) say("  line {}: {}", row.line, row.reason);
}

void print_board(const Board& board) {
  say("live board: {} events followed during the import; {}", grouped(board.events), board.to_string());
}

void print_life_title(const cairn::StreamId& stream) { say("\n{} at three moments of its life", stream.text()); }

void print_moment(std::string_view moment, const Declaration& declaration) {
  say("  {:<23}  {:<26}  EUR {}, {} events: submitted {}x, approved {}x, rejected {}x", moment, declaration.status,
      declaration.amount.to_string(), declaration.events, declaration.submissions, declaration.approvals,
      declaration.rejections);
}

void print_snapshot(const cairn::StreamId& stream, const cairn::Loaded<Declaration>& whole,
                    const cairn::Loaded<Declaration>& shortened) {
  say("  {}: {} events; from a snapshot at revision {}: {}, and {} state", stream.text(), whole.events,
      shortened.snapshot ? shortened.snapshot->value : 0, shortened.events,
      shortened.state == whole.state ? "the same" : "ANOTHER");
}

void print_report(const ReplayReport& report, std::chrono::nanoseconds time) {
  say("\nreplay: {} events of {} declarations; {}", grouped(report.events()), grouped(report.cases()),
      rate_text(report.events(), "events", time));
  print_counts("events by activity", report.events_by_activity());
  print_counts("declarations by last activity", report.cases_by_last_activity());
  say("\npayments by month (UTC)");
  for (const auto& [month, paid] : report.payments_by_month()) {
    say("  {}  {:>7}  EUR {:>12}", month, grouped(paid.count), paid.amount.to_string());
  }
  say("\ndeclarations submitted more than once: {}", grouped(report.resubmitted_cases()));
}

void print_erasure(std::string_view before, std::string_view after) {
  say("an employee, before their erasure: {}; after it: {}", before, after);
}

void print_carried_over(const cairn::ExportReport& exported, bool same) {
  say("exported {} events as {} bytes of JSON Lines, and imported into a new store: {} log\n", grouped(exported.events),
      grouped(exported.bytes), same ? "the same" : "ANOTHER");
}

void print_sql(std::string_view sql) { say("asked with the sqlite3 shell: {}", sql); }

void print_no_shell() { say("not asked with SQL: there is no sqlite3 in PATH (Debian package sqlite3)\n"); }

void print_comparison(const KnownAnswers::Comparison& comparison) {
  if (comparison.mismatches.empty()) {
    say("\nchecked against the known answers: all {} agree\n", grouped(comparison.compared));
    return;
  }
  say("\nchecked against the known answers: {} of {} differ", grouped(comparison.mismatches.size()),
      grouped(comparison.compared));
  for (const std::string& mismatch : comparison.mismatches) say("  mismatch {}", mismatch);
  say("");
}

void print_kept(const std::filesystem::path& file) { say("\nkept {}", file.string()); }

}  // namespace travel_expenses
