#include "demo.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <cairn/cairn.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/file_key_provider.hpp>
#include <cairn/eventstore/jsonl.hpp>
#include <cairn/eventstore/snapshots.hpp>

#include "activity.hpp"
#include "console.hpp"
#include "declaration.hpp"
#include "employee.hpp"
#include "importer.hpp"
#include "known_answers.hpp"
#include "live_board.hpp"
#include "progress_bar.hpp"
#include "replay_report.hpp"
#include "sqlite_shell.hpp"
#include "temporary_folder.hpp"
#include "text_file.hpp"
#include "timestamp.hpp"

namespace travel_expenses {

using cairn::Cairn;
using cairn::Clock;
using cairn::EventStore;
using cairn::Result;
using cairn::Revision;
using cairn::StreamId;

namespace {

/// `note` is asked for what to show beside the progress.
Result<void> import_and_tell(
    EventStore& store, const Clock& clock, std::string_view title, std::string_view csv,
    const std::function<std::string()>& note = [] { return std::string{}; }) {
  const auto begun = clock.steady_now();
  Result<ImportSummary> summary = [&] {
    ProgressBar bar{clock};
    return Importer{store}.run(csv, [&](const ImportProgress& at) { bar.show(at.rows, at.done, note()); });
  }();
  if (!summary) return std::move(summary).error();
  print_import(title, *summary, clock.steady_now() - begun);
  return {};
}

Result<void> import_twice(EventStore& store, const Clock& clock, const std::filesystem::path& data) {
  const auto csv = read_text_file(data / "domestic-declarations.csv.gz");
  if (!csv) return csv.error();
  const auto board = LiveBoard::follow(store);
  if (!board) return board.error();
  const auto standing = [&] { return (*board)->now().to_string(); };
  if (auto first = import_and_tell(store, clock, "import", *csv, standing); !first) return first;
  const auto complete = (*board)->wait_for(store.head());
  if (!complete) return complete.error();
  print_board(*complete);
  return import_and_tell(store, clock, "the same file again", *csv);
}

/// One declaration that went round four times: as it was right after its fifth event, and on two evenings.
Result<void> tell_a_life(const EventStore& store) {
  const StreamId stream{"declaration-117811"};
  print_life_title(stream);
  const auto early = declaration_at(store, stream, Revision{4});
  if (!early) return early.error();
  print_moment("after revision 4", *early);
  for (const std::string_view evening : {"2018-07-10T18:00:00+02:00", "2018-07-27T18:00:00+02:00"}) {
    const auto moment = parse_timestamp(evening);
    if (!moment) return moment.error();
    const auto then = declaration_at(store, stream, *moment);
    if (!then) return then.error();
    print_moment(fmt::format("at {} UTC", minute_text(*moment)), *then);
  }
  return {};
}

/// The same declaration again, from a snapshot taken in the middle of its life and the events after it.
Result<ExitCode> shorten_a_life(EventStore& store) {
  const StreamId stream{"declaration-117811"};
  const Revision middle{9};
  const auto then = declaration_at(store, stream, middle);
  if (!then) return then.error();
  cairn::Snapshots snapshots{store};
  auto saved = snapshots.save(stream, cairn::Loaded<Declaration>{.state = *then, .revision = middle});
  if (!saved) return std::move(saved).error();

  const auto whole = cairn::load<Declaration>(store, stream);
  if (!whole) return whole.error();
  const auto shortened = snapshots.load<Declaration>(stream);
  if (!shortened) return shortened.error();
  print_snapshot(stream, *whole, *shortened);
  return shortened->state == whole->state ? ExitCode::success : ExitCode::mismatch;
}

Result<ExitCode> check(const nlohmann::json& answers, const std::filesystem::path& data) {
  const auto known = KnownAnswers::load(data / "domestic-declarations.facts.json");
  if (!known) return known.error();
  const auto comparison = known->compare(answers);
  print_comparison(comparison);
  return comparison.mismatches.empty() ? ExitCode::success : ExitCode::mismatch;
}

Result<ExitCode> report_and_check(const EventStore& store, const Clock& clock, const std::filesystem::path& data) {
  const auto begun = clock.steady_now();
  const auto report = ReplayReport::replay(store);
  if (!report) return report.error();
  print_report(*report, clock.steady_now() - begun);
  return check(report->answers(), data);
}

Result<ExitCode> check_again(const EventStore& store, const std::filesystem::path& data) {
  const auto report = ReplayReport::replay(store);
  if (!report) return report.error();
  return check(report->answers(), data);
}

/// A person beside the declarations, whose name is erased: the log stays as it was, and so do its answers.
Result<void> forget_a_person(EventStore& store, const std::filesystem::path& file) {
  const std::filesystem::path master_file = file.string() + "-master";
  if (!std::filesystem::exists(master_file)) {
    if (auto made = cairn::FileKeyProvider::create(master_file); !made) return made;
  }
  const auto master = cairn::FileKeyProvider::open(master_file);
  if (!master) return master.error();
  const auto keys = cairn::SubjectKeys::open({.file = file.string() + "-keys"}, {.master = **master});
  if (!keys) return keys.error();
  if (auto registered = register_employee(store, **keys); !registered) return registered;
  const auto before = employee_text(store, **keys);
  if (!before) return before.error();
  const auto erased = (*keys)->erase(employee_subject());
  if (!erased) return erased.error();
  const auto after = employee_text(store, **keys);
  if (!after) return after.error();
  print_erasure(*before, *after);
  return {};
}

/// The whole log as lines of text, and a new store made of them, whose own lines are the same.
Result<ExitCode> carry_over(const EventStore& store) {
  std::stringstream lines;
  const auto exported = cairn::export_jsonl(store, lines);
  if (!exported) return exported.error();
  const auto memory = cairn::MemoryVfs::create();
  auto other = Cairn::open({.file = "carried_over.db", .memory = memory.get()});
  if (!other) return std::move(other).error();
  if (auto imported = cairn::import_jsonl((*other)->events(), lines); !imported) return std::move(imported).error();
  std::ostringstream again;
  if (auto back = cairn::export_jsonl((*other)->events(), again); !back) return std::move(back).error();
  const bool same = again.view() == lines.view();
  print_carried_over(*exported, same);
  return same ? ExitCode::success : ExitCode::mismatch;
}

/// In a store of its own, in memory, so that the log above holds the source's events and no others.
Result<void> import_bad_rows(const Clock& clock, const std::filesystem::path& data) {
  const auto csv = read_text_file(data / "bad_rows.csv");
  if (!csv) return csv.error();
  const auto memory = cairn::MemoryVfs::create();
  auto scratch = Cairn::open({.file = "bad_rows.db", .memory = memory.get()});
  if (!scratch) return std::move(scratch).error();
  return import_and_tell((*scratch)->events(), clock, "a file with bad rows", *csv);
}

/// One of the reports again, from a program that knows nothing of this one: the store is a SQLite file.
Result<ExitCode> ask_with_sql(const std::filesystem::path& file, const std::filesystem::path& data) {
  const std::string sql =
      "SELECT type, data ->> 'role' AS role, count(*) AS events FROM cairn_events WHERE category = 'declaration' "
      "GROUP BY type, role";
  const auto rows = ask_sqlite_shell(file, sql);
  if (!rows && rows.error().code() == cairn::Errc::not_found) {
    print_no_shell();
    return ExitCode::success;
  }
  if (!rows) return rows.error();
  nlohmann::json by_activity;
  for (const auto& row : *rows) {
    const auto name = activity_name(row.at("type").get<std::string>(), row.at("role").get<std::string>());
    by_activity[std::string{name}] = row.at("events");
  }
  print_sql(sql);
  return check({{"events_by_activity", by_activity}}, data);
}

Result<ExitCode> run_in(const std::filesystem::path& file, const Options& options, const Clock& clock) {
  auto opened = Cairn::open({.file = file});
  if (!opened) return std::move(opened).error();
  const auto cairn = std::move(*opened);
  EventStore& store = cairn->events();
  if (auto imported = import_twice(store, clock, options.data); !imported) return std::move(imported).error();
  if (auto told = tell_a_life(store); !told) return std::move(told).error();
  auto shortened = shorten_a_life(store);
  if (!shortened) return shortened;
  auto checked = report_and_check(store, clock, options.data);
  if (!checked) return checked;
  if (auto forgotten = forget_a_person(store, file); !forgotten) return std::move(forgotten).error();
  auto still = check_again(store, options.data);
  if (!still) return still;
  auto carried_over = carry_over(store);
  if (!carried_over) return carried_over;
  if (auto imported = import_bad_rows(clock, options.data); !imported) return std::move(imported).error();
  if (auto closed = cairn->close(); !closed) return std::move(closed).error();
  auto asked = ask_with_sql(file, options.data);
  if (!asked) return asked;
  return std::max({*shortened, *checked, *still, *carried_over, *asked});
}

}  // namespace

Result<ExitCode> run_demo(const Options& options, const Clock& clock) {
  if (options.store) return run_in(*options.store, options, clock);
  auto folder = TemporaryFolder::create();
  if (!folder) return std::move(folder).error();
  const std::filesystem::path file = folder->path() / "travel_expenses.db";
  auto result = run_in(file, options, clock);
  if (options.keep) {
    folder->keep();
    print_kept(file);
  }
  return result;
}

}  // namespace travel_expenses
