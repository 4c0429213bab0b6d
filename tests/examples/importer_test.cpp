#include "travel_expenses/importer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/memory_store.hpp"
#include "travel_expenses/declaration.hpp"
#include "travel_expenses/replay_report.hpp"

namespace travel_expenses {
namespace {

using cairn::ExpectedRevision;
using cairn::Revision;
using cairn::StreamId;
using cairn::test::MemoryStore;

constexpr std::string_view header = "timestamp,case_id,seq,event_id,activity,role,amount_eur\n";

/// Row `seq` of a declaration that is sent in again and again.
std::string row(std::uint64_t declaration, std::uint64_t seq) {
  const std::string event_id = std::to_string(declaration) + "_" + std::to_string(seq);
  return "2018-03-01T09:00:00.000+01:00,declaration" + std::to_string(declaration) + "," + std::to_string(seq) + "," +
         event_id + ",Declaration SUBMITTED by EMPLOYEE,EMPLOYEE,10.00\n";
}

/// `seqs` rows each of three declarations, in turn.
std::string three_declarations(std::uint64_t seqs) {
  std::string csv{header};
  for (std::uint64_t seq = 0; seq < seqs; ++seq) {
    for (const std::uint64_t declaration : {1U, 2U, 3U}) csv += row(declaration, seq);
  }
  return csv;
}

std::uint64_t events_in(const cairn::EventStore& store) { return ReplayReport::replay(store).value().events(); }

TEST(Importer, KeepsTheOrderOfEachDeclarationOverRounds) {
  MemoryStore store;
  const std::uint64_t seqs = Importer::rows_per_round;  // three rounds
  const auto summary = Importer{*store}.run(three_declarations(seqs)).value();
  EXPECT_EQ(summary.rows, 3 * seqs);
  EXPECT_EQ(summary.appended, 3 * seqs);
  EXPECT_TRUE(summary.bad_rows.empty());
  EXPECT_EQ(store->stream_head(StreamId{"declaration-2"}).value(), Revision{seqs - 1});
  EXPECT_EQ(declaration_at(*store, StreamId{"declaration-2"}, Revision{9}).value().submissions, 10U);
}

TEST(Importer, SecondImportChangesNothing) {
  MemoryStore store;
  const std::string csv = three_declarations(500);
  ASSERT_EQ(Importer{*store}.run(csv).value().appended, 1'500U);
  const auto head = store->head();
  const auto again = Importer{*store}.run(csv).value();
  EXPECT_EQ(again.appended, 0U);
  EXPECT_EQ(again.repeats, 1'500U);
  EXPECT_TRUE(again.bad_rows.empty());
  EXPECT_EQ(store->head(), head);
}

TEST(Importer, RepeatsAreKnownBeyondTheWindowOfRememberedIds) {
  MemoryStore store{{.id_window = 16}};
  const std::string csv = three_declarations(50);
  ASSERT_EQ(Importer{*store}.run(csv).value().appended, 150U);
  store.reopen();
  EXPECT_EQ(Importer{*store}.run(csv).value().repeats, 150U);
}

TEST(Importer, LongerFileGoesOnWhereTheShorterEnded) {
  MemoryStore store;
  ASSERT_EQ(Importer{*store}.run(three_declarations(10)).value().appended, 30U);
  const auto summary = Importer{*store}.run(three_declarations(400)).value();
  EXPECT_EQ(summary.repeats, 30U);
  EXPECT_EQ(summary.appended, 1'170U);
  EXPECT_TRUE(summary.bad_rows.empty());
  EXPECT_EQ(events_in(*store), 1'200U);
}

TEST(Importer, RowsOfADeclarationWithAnotherHistoryAreListed) {
  MemoryStore store;
  const auto other = store->new_event(Paid{{.role = "UNDEFINED", .amount = {}}}).value();
  ASSERT_TRUE(store->append(StreamId{"declaration-2"}, ExpectedRevision::no_stream(), other));
  const auto summary = Importer{*store}.run(three_declarations(2)).value();
  EXPECT_EQ(summary.appended, 4U);
  ASSERT_EQ(summary.bad_rows.size(), 2U);
  EXPECT_EQ(summary.bad_rows[0].line, 3U);
  EXPECT_EQ(summary.bad_rows[0].reason, "conflict: append declaration-2: expected no stream, actual revision 0");
  EXPECT_EQ(summary.bad_rows[1].line, 6U);
  EXPECT_EQ(store->stream_head(StreamId{"declaration-2"}).value(), Revision{0});
}

TEST(Importer, BadRowLeavesOutNothingButItself) {
  MemoryStore store;
  const std::string csv = std::string{header} + row(1, 0) + "broken\n" + row(1, 1) + row(1, 1) + row(1, 3);
  const auto summary = Importer{*store}.run(csv).value();
  EXPECT_EQ(summary.rows, 5U);
  EXPECT_EQ(summary.appended, 3U);
  ASSERT_EQ(summary.bad_rows.size(), 2U);
  EXPECT_EQ(summary.bad_rows[0].line, 3U);
  EXPECT_EQ(summary.bad_rows[0].reason, "1 columns, expected 7");
  EXPECT_EQ(summary.bad_rows[1].line, 5U);
  EXPECT_EQ(summary.bad_rows[1].reason, "event_id is that of line 4");
  EXPECT_EQ(Importer{*store}.run(csv).value().repeats, 3U);
}

TEST(Importer, OtherColumnsAreRefusedBeforeAnythingIsAppended) {
  MemoryStore store;
  const auto summary = Importer{*store}.run("time,case\n" + row(1, 0));
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code(), cairn::Errc::invalid);
  EXPECT_EQ(store->head().value, 0U);
  EXPECT_FALSE(Importer{*store}.run("").has_value());
}

TEST(Importer, ReportsProgressUpToTheEnd) {
  MemoryStore store;
  std::vector<ImportProgress> told;
  ASSERT_TRUE(Importer{*store}.run(three_declarations(500), [&](const ImportProgress& at) { told.push_back(at); }));
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].rows, Importer::rows_per_round);
  EXPECT_EQ(told[1].rows, 1'500U);
  EXPECT_EQ(told[1].done, 1.0);
}

}  // namespace
}  // namespace travel_expenses
