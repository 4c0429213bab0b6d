#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/core/uuid.hpp>
#include <cairn/eventstore/event_store.hpp>

#include "csv_reader.hpp"
#include "declaration_row.hpp"

namespace travel_expenses {

struct BadRow {
  std::size_t line = 0;
  std::string reason;
};

struct ImportSummary {
  std::uint64_t rows = 0;      ///< below the header line
  std::uint64_t appended = 0;  ///< events that were not in the log before
  std::uint64_t repeats = 0;   ///< events that were
  std::vector<BadRow> bad_rows;
};

struct ImportProgress {
  std::uint64_t rows = 0;
  double done = 0;  ///< share of the file, 0 to 1
};

/// Turns the rows of one CSV file into the events of their declarations' streams, in the file's order, up to
/// `rows_per_round` rows of many streams in one atomic append. A row's event is expected at exactly the place that
/// the good rows before it give it, and its id is the row's own; so importing a file again, all of it or after an
/// interruption, finds every event where it was and changes nothing.
/// A bad row is remembered and left out; the rows after it are imported.
class Importer {
 public:
  static constexpr std::size_t rows_per_round = 1'000;
  using OnProgress = std::function<void(const ImportProgress&)>;

  explicit Importer(cairn::EventStore& store) noexcept : store_{store} {}

  /// Errors: invalid (the first line names other columns), and those of appending that are no row's fault; what
  /// was appended until then stays, and importing again goes on from there. One call for each Importer.
  [[nodiscard]] cairn::Result<ImportSummary> run(std::string_view csv, const OnProgress& on_progress = {});

 private:
  /// The rows of one declaration in the round, which are neighbours in its stream.
  struct Batch {
    cairn::StreamId stream;
    cairn::ExpectedRevision expected;
    std::vector<cairn::NewEvent> events{};
    std::vector<std::size_t> lines{};
  };
  struct StreamEnd {
    std::uint64_t events = 0;      // taken from the file so far
    std::uint64_t next_place = 0;  // the least place the next row may have
  };

  cairn::Result<void> take(std::span<const std::string> fields, std::size_t line);
  cairn::Result<void> append_round();
  cairn::Result<void> append_one_by_one();
  void count(const cairn::Appended& landed, std::size_t events);
  void note_bad_row(std::size_t line, std::string reason);

  cairn::EventStore& store_;
  ImportSummary summary_;
  std::unordered_map<cairn::StreamId, StreamEnd> ends_;
  std::unordered_map<cairn::Uuid, std::size_t> lines_by_id_;
  std::vector<Batch> round_;
  std::unordered_map<cairn::StreamId, std::size_t> in_round_;  // to its place in round_
  std::size_t rows_in_round_ = 0;
};

}  // namespace travel_expenses
