#include "redrive_runs.hpp"

#include <fmt/format.h>

#include "letter_json.hpp"
#include "letter_tables.hpp"

namespace cairn::letters {

namespace {

template <class OnRun>
Result<void> each_run(SqlReader& reader, std::string_view sql, std::initializer_list<SqlValue> args, OnRun&& take) {
  Result<void> outcome;
  auto read = reader.each(sql, args, [&](const Row& row) {
    auto filter = filter_from(row.text(1));
    if (!filter) {
      outcome =
          Error{Errc::corrupt, fmt::format("redrive {}: its filter: {}", row.integer(0), filter.error().message())};
      return false;
    }
    RedriveRecord run;
    run.run = row.get<std::uint64_t>(0);
    run.filter = std::move(*filter);
    run.worker = row.get<std::string>(2);
    run.started_at = timestamp_from(row.integer(3));
    if (!row.is_null(4)) run.ended_at = timestamp_from(row.integer(4));
    run.position = {row.get<std::uint64_t>(5)};
    run.through = {row.get<std::uint64_t>(6)};
    run.resolved = row.get<std::uint64_t>(7);
    run.failed = row.get<std::uint64_t>(8);
    run.waiting = row.get<std::uint64_t>(9);
    run.done = run.ended_at.has_value();
    take(std::move(run));
    return true;
  });
  if (!read) return read;
  return outcome;
}

}  // namespace

Result<std::uint64_t> begin_run(Unit& unit, const LetterFilter& filter, std::string_view worker, Timestamp now) {
  auto number = unit.first<std::uint64_t>(
      "INSERT INTO dead_letter_redrive (filter, worker, started_at, position, through) "
      "VALUES ($1, $2, $3, 0, (SELECT coalesce(max(id), 0) FROM dead_letter)) RETURNING number",
      {to_json(filter), worker, to_sql(now)});
  if (!number) return std::move(number).error();
  return **number;
}

Result<RedriveRecord> read_run(SqlReader& reader, std::uint64_t number) {
  std::optional<RedriveRecord> found;
  auto read = each_run(reader,
                       "SELECT number, filter, worker, started_at, ended_at, position, through, resolved, failed, "
                       "waiting FROM dead_letter_redrive WHERE number = $1",
                       {number}, [&](RedriveRecord run) { found = std::move(run); });
  if (!read) return std::move(read).error();
  if (!found) return Error{Errc::not_found, fmt::format("no redrive {}", number)};
  return std::move(*found);
}

Result<std::vector<RedriveRecord>> read_runs(SqlReader& reader, std::size_t runs_max) {
  std::vector<RedriveRecord> runs;
  auto read = each_run(reader,
                       "SELECT number, filter, worker, started_at, ended_at, position, through, resolved, failed, "
                       "waiting FROM dead_letter_redrive ORDER BY number DESC LIMIT $1",
                       {runs_max}, [&](RedriveRecord run) { runs.push_back(std::move(run)); });
  if (!read) return std::move(read).error();
  return runs;
}

Result<void> write_run(Unit& unit, const RedriveRecord& run) {
  std::optional<std::int64_t> ended_at;
  if (run.ended_at) ended_at = to_sql(*run.ended_at);
  auto written = unit.exec(
      "UPDATE dead_letter_redrive SET ended_at = $2, position = $3, resolved = $4, failed = $5, waiting = $6 "
      "WHERE number = $1",
      {run.run, ended_at, run.position.value, run.resolved, run.failed, run.waiting});
  if (!written) return std::move(written).error();
  return {};
}

}  // namespace cairn::letters
