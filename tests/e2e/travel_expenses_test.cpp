// The demonstration on real data, as a user starts it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/program_run.hpp"
#include "support/scratch_folder.hpp"
#include "travel_expenses/text_file.hpp"

namespace cairn::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const fs::path shipped_data = fs::path{CAIRN_SOURCE_DIR} / "examples/travel_expenses/data";
constexpr std::string_view log_file = "domestic-declarations.csv.gz";
constexpr std::string_view answers_file = "domestic-declarations.facts.json";

ProgramRun travel_expenses_with(std::vector<std::string> arguments, const fs::path& folder) {
  return run_program(CAIRN_TRAVEL_EXPENSES, std::move(arguments), folder);
}

void write_whole(const fs::path& file, std::string_view text) {
  std::ofstream out{file, std::ios::binary};
  out << text;
  ASSERT_TRUE(out.flush().good()) << file;
}

/// A copy of the shipped data in which a test may change something.
class DataCopy {
 public:
  DataCopy() { fs::copy(shipped_data, folder_.path(), fs::copy_options::recursive); }
  [[nodiscard]] const fs::path& path() const { return folder_.path(); }
  /// Leaves one declaration of 16 events in the log: quick to import, and at odds with the known answers.
  void keep_one_declaration() const {
    const std::string all = travel_expenses::read_text_file(path() / log_file).value();
    std::string kept = all.substr(0, all.find('\n') + 1);
    for (std::size_t at = kept.size(), end = 0; at < all.size(); at = end) {
      end = std::min(all.find('\n', at), all.size() - 1) + 1;
      const std::string_view line = std::string_view{all}.substr(at, end - at);
      if (line.find(",declaration117811,") != std::string_view::npos) kept += line;
    }
    write_whole(path() / log_file, kept);  // zlib reads plain text too
  }
  void replace_in(std::string_view file, std::string_view before, std::string_view after) const {
    std::string text = read_whole(path() / file);
    const std::size_t at = text.find(before);
    ASSERT_NE(at, std::string::npos) << before;
    text.replace(at, before.size(), after);
    write_whole(path() / file, text);
  }

 private:
  ScratchFolder folder_;
};

TEST(TravelExpenses, ImportsTwiceAndAgreesWithTheKnownAnswers) {
  const ScratchFolder folder;
  const ProgramRun run = travel_expenses_with({}, folder.path());
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, HasSubstr("import: 55,628 rows, 55,628 new, 0 repeats, 0 bad;"));
  EXPECT_THAT(run.out, HasSubstr("the same file again: 55,628 rows, 0 new, 55,628 repeats, 0 bad;"));
  EXPECT_THAT(run.out, HasSubstr("live board: 55,628 events followed during the import; "
                                 "9,911 paid, 312 rejected, 134 saved\n"));
  EXPECT_THAT(run.out, HasSubstr("16 events; from a snapshot at revision 9: 6, and the same state\n"));
  EXPECT_THAT(run.out, HasSubstr("replay: 55,628 events of 10,357 declarations"));
  EXPECT_THAT(run.out, HasSubstr("  2018-07      763  EUR    72,464.73\n"));
  EXPECT_THAT(run.out, HasSubstr("checked against the known answers: all 94 agree"));
  EXPECT_THAT(run.out, HasSubstr("an employee, before their erasure: Ann Example, Mathematics; after it: (erased), "
                                 "Mathematics\n\nchecked against the known answers: all 94 agree\n"));
  EXPECT_THAT(run.out, HasSubstr("exported 55,629 events as "));
  EXPECT_THAT(run.out, HasSubstr(" bytes of JSON Lines, and imported into a new store: the same log\n"));
  EXPECT_THAT(run.out, HasSubstr("GROUP BY type, role\n\nchecked against the known answers: all 14 agree\n"));
  EXPECT_EQ(run.err, "") << "no progress bar where there is no terminal";
}

TEST(TravelExpenses, WithoutAShellItSaysSoAndTellsTheRest) {
  const DataCopy data;
  const ProgramRun run =
      run_program("/usr/bin/env", {"PATH=/nowhere", CAIRN_TRAVEL_EXPENSES, "--data", "."}, data.path());
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, HasSubstr("not asked with SQL: there is no sqlite3 in PATH (Debian package sqlite3)\n"));
  EXPECT_EQ(run.err, "");
}

TEST(TravelExpenses, ShowsADeclarationAtThreeMoments) {
  const DataCopy data;
  data.keep_one_declaration();
  const ProgramRun run = travel_expenses_with({"--data", "."}, data.path());
  EXPECT_THAT(run.out, HasSubstr("after revision 4         rejected by ADMINISTRATION  EUR 213.90, 5 events:"));
  EXPECT_THAT(run.out, HasSubstr("at 2018-07-10 16:00 UTC  rejected by SUPERVISOR      EUR 213.90, 9 events:"));
  EXPECT_THAT(run.out, HasSubstr("at 2018-07-27 16:00 UTC  paid                        EUR 213.90, 16 events:"));
}

TEST(TravelExpenses, ListsEachBadRowAndImportsTheOthers) {
  const DataCopy data;
  data.keep_one_declaration();
  const ProgramRun run = travel_expenses_with({"--data", "."}, data.path());
  EXPECT_THAT(run.out, HasSubstr("a file with bad rows: 21 rows, 3 new, 0 repeats, 18 bad;"));
  for (const std::string_view line : {
           "line 3: time is on no calendar or clock",
           "line 4: time is not of the form 2017-01-09T09:49:50.000+01:00",
           "line 5: time is not of the form 2017-01-09T09:49:50.000+01:00",
           "line 6: 6 columns, expected 7",
           "line 7: 8 columns, expected 7",
           "line 8: amount is negative",
           "line 9: amount is not of the form 26.85",
           "line 10: amount is empty",
           "line 11: activity is not UTF-8 from its byte 17 on",
           "line 12: unknown activity",
           "line 13: role is not EMPLOYEE, who does \"Declaration SUBMITTED by EMPLOYEE\"",
           "line 14: case_id is not of the form declaration86791",
           "line 15: seq is not a number",
           "line 16: event_id is empty",
           "line 17: event_id is that of line 2",
           "line 18: seq 0 comes after seq 0 of its case",
           "line 19: field 5: a quote inside an unquoted field",
           "line 22: field 4: the quote is never closed",
       }) {
    EXPECT_THAT(run.out, HasSubstr("\n  " + std::string{line} + "\n"));
  }
}

TEST(TravelExpenses, AlteredAndMissingAnswersAreNamedAndFailTheRun) {
  const DataCopy data;
  data.replace_in(answers_file, "\"count\": 763", "\"count\": 764");
  data.replace_in(answers_file, "\"resubmitted_cases\"", "\"forgotten_cases\"");
  const ProgramRun run = travel_expenses_with({"--data", "."}, data.path());
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, HasSubstr("2 of 94 differ\n"
                                 "  mismatch /payments_by_utc_month/2018-07/count: computed 763, known 764\n"
                                 "  mismatch /resubmitted_cases: computed 1006, known null\n"));
  EXPECT_THAT(run.err, HasSubstr("answers differ"));
}

TEST(TravelExpenses, NamedStoreIsKeptAndKnownNextTime) {
  const DataCopy data;
  data.keep_one_declaration();
  const ProgramRun first = travel_expenses_with({"--data", ".", "--store", "journeys.db"}, data.path());
  EXPECT_THAT(first.out, HasSubstr("import: 16 rows, 16 new, 0 repeats, 0 bad;"));
  ASSERT_TRUE(fs::exists(data.path() / "journeys.db"));
  const ProgramRun again = travel_expenses_with({"--data", ".", "--store", "journeys.db"}, data.path());
  EXPECT_THAT(again.out, HasSubstr("import: 16 rows, 0 new, 16 repeats, 0 bad;"));
}

TEST(TravelExpenses, TemporaryStoreIsRemovedUnlessKept) {
  const DataCopy data;
  data.keep_one_declaration();
  const ProgramRun run = travel_expenses_with({"--data", ".", "--keep"}, data.path());
  const std::string announced = "\nkept ";
  const std::size_t at = run.out.find(announced);
  ASSERT_NE(at, std::string::npos) << run.out;
  const std::size_t begin = at + announced.size();
  const fs::path store = run.out.substr(begin, run.out.find('\n', begin) - begin);
  EXPECT_TRUE(fs::exists(store)) << store;
  fs::remove_all(store.parent_path());
  EXPECT_THAT(travel_expenses_with({"--data", "."}, data.path()).out, Not(HasSubstr(announced)));
}

TEST(TravelExpenses, DamagedLogCannotBeImported) {
  const DataCopy data;
  const fs::path log = data.path() / log_file;
  fs::resize_file(log, fs::file_size(log) / 2);
  const ProgramRun run = travel_expenses_with({"--data", "."}, data.path());
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, AllOf(HasSubstr("corrupt: read "), HasSubstr("unexpected end of file")));
}

TEST(TravelExpenses, WhatKeepsItFromRunningIsSaid) {
  const ScratchFolder folder;
  const ProgramRun no_data = travel_expenses_with({"--data", "nowhere"}, folder.path());
  EXPECT_EQ(no_data.exit_code, 2);
  EXPECT_THAT(no_data.err, HasSubstr("not_found: open nowhere/domestic-declarations.csv.gz"));
  const ProgramRun no_folder = travel_expenses_with({"--store", "nowhere/journeys.db"}, folder.path());
  EXPECT_EQ(no_folder.exit_code, 2);
  EXPECT_THAT(no_folder.err, Not(testing::IsEmpty()));
  EXPECT_EQ(travel_expenses_with({"--stoer", "journeys.db"}, folder.path()).exit_code, 2);
  EXPECT_EQ(travel_expenses_with({"--help"}, folder.path()).exit_code, 0);
}

}  // namespace
}  // namespace cairn::test
