#include "sql/group_commit.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include <cairn/core/call_user.hpp>
#include <cairn/core/sql/database.hpp>

#include "sql/connection.hpp"
#include "sql/sqlite_error.hpp"
#include "sql/writer_counters.hpp"
#include "sql/writer_scope.hpp"

namespace cairn::sql {
namespace {

constexpr int lock_patience_ms = 5000;
constexpr const char* out_of_memory = "out of memory";  // fits into a std::string without any

}  // namespace

GroupCommit::GroupCommit(Connection& connection, const std::vector<CommitParticipant*>& participants, Setting setting)
    : connection_{connection}, participants_{participants}, setting_{std::move(setting)} {
  outcomes_.reserve(setting_.units_max);
}

void GroupCommit::run(std::span<QueuedUnit* const> group) {
  if (broken_) {
    outcomes_.assign(group.size(), Error{Errc::fenced, broken_->message()});
    deliver(group);
  } else if (attempt(group) == Verdict::settled) {
    deliver(group);
  } else {
    for (std::size_t i = 0; i < group.size(); ++i) run(group.subspan(i, 1));
  }
}

GroupCommit::Verdict GroupCommit::attempt(std::span<QueuedUnit* const> group) {
  outcomes_.assign(group.size(), Result<void>{});  // within what the constructor reserved
  try {
    return run_transaction(group);
  } catch (const std::bad_alloc&) {
    return fail_all(Error{broken_ ? broken_->code() : Errc::unavailable, out_of_memory});
  }
}

GroupCommit::Verdict GroupCommit::run_transaction(std::span<QueuedUnit* const> group) {
  savepoint_error_.reset();
  connection_.clear_trouble();
  if (const int code = begin(); code != SQLITE_OK) return fail_all(connection_.error(code, "begin"));
  const Verdict verdict = run_units(group);
  if (write_refusal_ && sqlite3_txn_state(connection_.handle(), "main") == SQLITE_TXN_WRITE) {
    return fail_all(*write_refusal_);
  }
  return connection_.in_transaction() && !broken_ ? commit(group) : verdict;
}

int GroupCommit::begin() {
  // Without IMMEDIATE the transaction's state tells whether anything was written.
  if (write_refusal_) return connection_.run("BEGIN");
  // A reader that catches the log's index half written takes the writer's lock for a moment, to look again. Patience
  // is for BEGIN alone: a checkpoint that meets a reader goes on without it.
  sqlite3_busy_timeout(connection_.handle(), lock_patience_ms);
  const int code = connection_.run("BEGIN IMMEDIATE");
  sqlite3_busy_timeout(connection_.handle(), 0);
  return code;
}

// Leaves the transaction open if there is something to commit.
GroupCommit::Verdict GroupCommit::run_units(std::span<QueuedUnit* const> group) {
  for (std::size_t i = 0; i < group.size(); ++i) {
    outcomes_[i] = run_unit(*group[i]);
    if (const auto verdict = check()) return *verdict;
  }
  if (std::none_of(outcomes_.begin(), outcomes_.end(), [](const auto& outcome) { return outcome.has_value(); })) {
    undo();
    return Verdict::settled;
  }
  Unit unit{connection_, *this};
  auto prepared = prepare(unit);
  if (const auto verdict = check()) return *verdict;
  if (!prepared) return blame(std::move(prepared).error());
  return Verdict::settled;
}

// What a unit or prepare() did to the transaction, whatever it returned.
std::optional<GroupCommit::Verdict> GroupCommit::check() {
  if (connection_.trouble()) return fail_all(Error{*connection_.trouble()});
  if (auto ended = transaction_ended()) return blame(*std::move(ended));
  return std::nullopt;
}

GroupCommit::Verdict GroupCommit::commit(std::span<QueuedUnit* const> group) {
  connection_.close_blobs();
  const int code = connection_.run("COMMIT");
  if (code == SQLITE_OK) {
    publish();
    count(setting_.counters.groups_committed);
    return Verdict::settled;
  }
  const auto words = [&] { return connection_.error(code, fmt::format("commit {} units", group.size())); };
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT: return blame(words());
    case SQLITE_FULL:
    case SQLITE_BUSY: return fail_all(words());
    default: break;
  }
  // The commit frame may be in the write-ahead log, and a crash now would make it count, whether the sync failed or
  // something behind it (the shared memory is updated last).
  broken_ = Error{Errc::outcome_unknown, "commit"};  // before the words, for which there may be no memory
  broken_ = Error{Errc::outcome_unknown, words().message()};
  return fail_all(*broken_);
}

void GroupCommit::publish() {
  try {
    for (CommitParticipant* const participant : participants_) participant->published();
  } catch (const std::bad_alloc&) {
    // The group is durable and answered as that; what is remembered of the log has not followed and is read again.
    broken_ = Error{Errc::unavailable, out_of_memory};
  }
}

GroupCommit::Verdict GroupCommit::fail_all(const Error& error) {
  undo();
  outcomes_.assign(outcomes_.size(), error);
  return Verdict::settled;
}

GroupCommit::Verdict GroupCommit::blame(Error error) {
  undo();
  if (outcomes_.size() > 1 && !broken_) return Verdict::find_guilty;
  if (broken_) error = Error{Errc::unavailable, broken_->message()};
  for (Result<void>& outcome : outcomes_) {
    if (outcome.has_value()) outcome = error;
  }
  return Verdict::settled;
}

void GroupCommit::undo() {
  connection_.close_blobs();
  if (connection_.in_transaction()) {
    // SQLite ends the transaction even when it cannot restore a page, and then drops its cache. If it is still open,
    // nobody knows what the connection would commit next.
    const int code = connection_.run("ROLLBACK");
    if (connection_.in_transaction() && !broken_) broken_ = connection_.error(code, "rollback");
  }
  for (CommitParticipant* const participant : participants_) participant->abandoned();
}

Result<void> GroupCommit::run_unit(QueuedUnit& unit) {
  const WriterScope scope{WriterCall::unit};
  const SteadyTime started = setting_.clock.steady_now();
  if (auto opened = open_savepoint(); !opened) return opened;
  Unit handle{connection_, *this};
  Result<void> outcome = call_user("unit", [&] { return unit.run(handle); });
  if (auto closed = close_savepoint(outcome.has_value()); !closed && outcome) outcome = std::move(closed);

  if (const auto took = setting_.clock.steady_now() - started; took > setting_.unit_budget) {
    count(setting_.counters.units_over_budget);
    setting_.logger.warning("database.unit_over_budget",
                            {{"took_us", std::chrono::duration_cast<std::chrono::microseconds>(took).count()},
                             {"budget_us", setting_.unit_budget.count()}});
  }
  return outcome;
}

Result<void> GroupCommit::prepare(Unit& unit) {
  const WriterScope scope{WriterCall::unit};
  for (CommitParticipant* const participant : participants_) {
    auto prepared = call_user("prepare", [&] { return participant->prepare(unit); });
    if (!prepared) return prepared;
  }
  return {};
}

void GroupCommit::deliver(std::span<QueuedUnit* const> group) {
  if (broken_ && !std::exchange(told_broken_, true)) setting_.on_broken(*broken_);
  for (const Result<void>& outcome : outcomes_) {
    count(outcome.has_value() ? setting_.counters.units_committed : setting_.counters.units_refused);
  }
  const WriterScope scope{WriterCall::completion};
  // By index: a completion may not start another group, but outcomes_ is ours and a reference would tempt.
  for (std::size_t i = 0; i < group.size(); ++i) {
    auto finished = call_user("completion", [&] { group[i]->finished(std::move(outcomes_[i])); });
    if (!finished) setting_.logger.error("database.completion_threw", {{"what", finished.error().message()}});
  }
}

Error GroupCommit::savepoint_failed(int code, std::string_view what) {
  savepoint_error_ = connection_.failed(code, what);
  return *savepoint_error_;
}

std::optional<Error> GroupCommit::transaction_ended() const {
  if (connection_.trouble()) return connection_.trouble();
  if (savepoint_error_) return savepoint_error_;
  if (connection_.in_transaction()) return std::nullopt;
  return connection_.ended_by().value_or(Error{Errc::invalid, "a statement of the unit ended the transaction"});
}

Result<void> GroupCommit::open_savepoint() {
  if (auto ended = transaction_ended()) return *std::move(ended);
  if (const int code = connection_.run("SAVEPOINT unit"); code != SQLITE_OK) return savepoint_failed(code, "savepoint");
  for (CommitParticipant* const participant : participants_) participant->savepoint_opened();
  return {};
}

Result<void> GroupCommit::close_savepoint(bool keep) {
  if (auto ended = transaction_ended()) return *std::move(ended);  // all will be undone
  if (!keep) {
    const int code = connection_.run("ROLLBACK TO unit");
    connection_.expire_blobs();
    if (code != SQLITE_OK) return savepoint_failed(code, "roll back to savepoint");
  }
  if (const int code = connection_.run("RELEASE unit"); code != SQLITE_OK)
    return savepoint_failed(code, "release savepoint");
  for (CommitParticipant* const participant : participants_) {
    if (keep) {
      participant->savepoint_released();
    } else {
      participant->savepoint_rolled_back();
    }
  }
  return {};
}

Result<void> GroupCommit::reload(CommitParticipant& participant) {
  connection_.clear_trouble();
  if (const int code = connection_.run("BEGIN"); code != SQLITE_OK) return connection_.error(code, "begin a read");
  Unit reader{connection_, *this};
  auto loaded = call_user("reload", [&] { return participant.reload(reader); });
  if (loaded && connection_.trouble()) loaded = *connection_.trouble();
  connection_.close_blobs();
  if (connection_.in_transaction()) (void)connection_.run("ROLLBACK");  // it read only
  return loaded;
}

Result<void> GroupCommit::exec_script(Unit& unit, std::string_view sql) { return unit.connection().exec_script(sql); }

}  // namespace cairn::sql
