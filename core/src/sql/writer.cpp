#include "sql/writer.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include <cairn/core/call_user.hpp>
#include <cairn/core/sql/database.hpp>

#include "sql/read_pool.hpp"
#include "sql/store_file.hpp"
#include "sql/store_opening.hpp"
#include "sql/writer_scope.hpp"

namespace cairn::sql {
namespace {

// A caller that writes again as soon as it has its answer takes less than this between two units; background work
// that began sooner would make it wait.
constexpr std::chrono::microseconds idle_after{10'000};

// How many times its own length passes after a background unit before the next one, while others write.
constexpr int background_leaves = 2;

// An idle checkpoint costs two syncs, so it should save some copying later.
constexpr std::size_t idle_checkpoint_divisor = 8;

// Of units in a group, whatever the options say: more would share a sync no better.
constexpr std::size_t units_bound = 65'536;

}  // namespace

// A slice of a participant's background work, run as a unit like any other.
class Writer::IdleUnit final : public QueuedUnit {
 public:
  explicit IdleUnit(CommitParticipant& participant) : participant_{participant} {}
  Result<void> run(Unit& unit) override { return participant_.idle_work(unit); }
  void finished(Result<void> outcome) override { outcome_ = std::move(outcome); }
  [[nodiscard]] std::size_t size_bytes() const override { return 0; }
  [[nodiscard]] const Result<void>& outcome() const noexcept { return outcome_; }

 private:
  CommitParticipant& participant_;
  Result<void> outcome_;
};

Writer::Writer(Parts parts)
    : parts_{parts},
      units_max_{std::clamp<std::size_t>(parts.options.group_units_max, 1, units_bound)},
      commit_seconds_{parts.metrics.histogram("cairn_commit_duration_seconds")},
      commit_units_{parts.metrics.histogram("cairn_commit_units")},
      wal_bytes_{parts.metrics.gauge("cairn_wal_bytes")} {}

Result<void> Writer::open() {
  group_.reserve(units_max_);
  return connect();
}

Result<void> Writer::make_log_trusted() {
  if (log_trusted_) return {};
  auto rewritten = parts_.store.rewrite_log();
  log_trusted_ = rewritten.has_value();
  return rewritten;
}

Result<void> Writer::connect() {
  auto opened = open_writer(parts_.store, parts_.options);
  if (!opened) return std::move(opened).error();
  connection_ = std::move(opened->connection);
  log_trusted_ = opened->log_trusted;
  checkpointer_.emplace(
      *connection_, parts_.readers, counters_, parts_.logger,
      Checkpointer::Limits{parts_.options.checkpoint_pages,
                           std::max<std::size_t>(parts_.options.checkpoint_pages / idle_checkpoint_divisor, 1),
                           parts_.options.wal_bytes_max});
  group_commit_.emplace(*connection_, participants_,
                        GroupCommit::Setting{parts_.clock, parts_.logger, counters_, parts_.options.unit_budget,
                                             epoch(), units_max_, [this](const Error& reason) { fence(reason); }});
  return {};
}

void Writer::run() {
  bool idle_work_left = false;
  auto quiet = SteadyTime::duration::zero();  // so long nobody but the background has written
  while (true) {
    while (auto errand = parts_.queue.take_errand()) {
      (*errand)();
      idle_work_left = true;
    }
    if (until_background(quiet) <= SteadyTime::duration::zero() && run_background()) idle_work_left = true;
    if (run_group(units_max_)) {
      idle_work_left = true;
      quiet = SteadyTime::duration::zero();
      continue;
    }
    const auto left = until_background(quiet);
    const bool background_later = left > SteadyTime::duration::zero() && parts_.queue.has_background();
    std::optional<std::chrono::microseconds> patience;
    if (idle_work_left) patience = idle_after;
    if (background_later) patience = std::min(idle_after, std::chrono::ceil<std::chrono::microseconds>(left));
    switch (parts_.queue.wait(patience, !background_later)) {
      case CommitQueue::Found::stop: drain(); return;
      case CommitQueue::Found::work:
      case CommitQueue::Found::background: break;
      case CommitQueue::Found::nothing:
        quiet += *patience;
        if (quiet < idle_after) break;
        while (parts_.queue.quiet() && run_idle_slice()) {
        }
        idle_work_left = !parts_.queue.quiet();
        break;
    }
  }
}

bool Writer::step(std::size_t units_max) { return run_group(units_max) || run_background() || run_idle_slice(); }

void Writer::drain() {
  while (run_group(units_max_) || run_background()) {
  }
}

bool Writer::run_group(std::size_t units_max) {
  group_.clear();
  parts_.queue.take(group_, std::min(units_max, units_max_), parts_.options.group_bytes_max);
  if (group_.empty()) return false;
  run_units();
  return true;
}

// In a transaction of its own: whatever becomes of it, no unit that somebody waits for shares its fate or its bytes.
bool Writer::run_background() {
  QueuedUnit* const unit = parts_.queue.take_background();
  if (unit == nullptr) return false;
  group_.assign(1, unit);
  const SteadyTime started = parts_.clock.steady_now();
  run_units();
  const SteadyTime ended = parts_.clock.steady_now();
  background_next_ = ended + background_leaves * (ended - started);
  return true;
}

SteadyTime::duration Writer::until_background(SteadyTime::duration quiet) const {
  return quiet >= idle_after ? SteadyTime::duration::zero() : background_next_ - parts_.clock.steady_now();
}

void Writer::run_units() {
  if (fenced()) return finish(group_, Error{Errc::fenced, "write: the database is fenced; recover() first"});
  if (!log_trusted_) {
    auto trusted = make_log_trusted();
    group_commit_->refuse_writes(trusted ? std::nullopt : std::optional{trusted.error()});
  }
  const SteadyTime started = parts_.clock.steady_now();
  const std::uint64_t log_bytes = parts_.store.counters().wal_bytes_written;
  const std::size_t units = group_.size();
  group_commit_->run(group_);
  raise_to(counters_.largest_group_bytes, parts_.store.counters().wal_bytes_written - log_bytes);
  commit_seconds_.record(std::chrono::duration<double>(parts_.clock.steady_now() - started).count());
  commit_units_.record(static_cast<double>(units));
  idle_work_failed_ = false;
  if (!fenced()) checkpoint(checkpointer_->after_commit());
}

bool Writer::run_idle_slice() {
  if (fenced() || idle_work_failed_ || !log_trusted_) return false;
  const auto busy = std::find_if(participants_.begin(), participants_.end(),
                                 [](const CommitParticipant* participant) { return participant->has_idle_work(); });
  if (busy == participants_.end()) {
    checkpoint(checkpointer_->when_idle());
    return false;
  }
  IdleUnit unit{**busy};
  QueuedUnit* const group = &unit;
  group_commit_->run({&group, 1});
  if (!unit.outcome()) {
    idle_work_failed_ = true;
    parts_.logger.error("database.idle_work_failed", {{"error", unit.outcome().error().message()}});
  }
  if (!fenced()) checkpoint(checkpointer_->after_commit());
  return true;
}

void Writer::checkpoint(const Result<void>& outcome) {
  wal_bytes_.set(static_cast<double>(counters_.wal_bytes.load(std::memory_order_relaxed)));
  if (!outcome) fence(outcome.error());
}

void Writer::fence(const Error& reason) {
  if (fenced_.exchange(true, std::memory_order_acq_rel)) return;
  parts_.queue.refuse(Error{Errc::fenced, fmt::format("write: fenced after: {}", reason.message())});
  parts_.logger.error("database.fenced", {{"reason", reason.message()}});
  end_copies(Error{Errc::fenced, fmt::format("copy: fenced after: {}", reason.message())});
  tell_fenced();
}

void Writer::tell_fenced() {
  for (CommitParticipant* const participant : participants_) participant->fenced();
}

void Writer::tell_closed() {
  for (CommitParticipant* const participant : participants_) participant->closed();
  participants_.clear();  // they may go before the database does, and nobody takes a detach() any more
}

void Writer::finish(std::span<QueuedUnit* const> units, const Error& outcome) {
  const WriterScope scope{WriterCall::completion};
  for (QueuedUnit* const unit : units) {
    count(counters_.units_refused);
    auto finished = call_user("completion", [&] { unit->finished(outcome); });
    if (!finished) parts_.logger.error("database.completion_threw", {{"what", finished.error().message()}});
  }
}

void Writer::finish_queued(const Error& outcome) {
  while (true) {
    group_.clear();
    parts_.queue.take(group_, units_max_, std::numeric_limits<std::size_t>::max());
    if (group_.empty()) {
      QueuedUnit* const background = parts_.queue.take_background();
      if (background == nullptr) return;
      group_.push_back(background);
    }
    finish(group_, outcome);
  }
}

Result<void> Writer::attach(CommitParticipant& participant) {
  if (fenced()) return Error{Errc::fenced, "attach: the database is fenced; recover() first"};
  if (auto loaded = group_commit_->reload(participant); !loaded) return loaded;
  participants_.push_back(&participant);
  return {};
}

void Writer::detach(CommitParticipant& participant) { std::erase(participants_, &participant); }

Result<void> Writer::recover() {
  const bool was_fenced = fenced_.exchange(true, std::memory_order_acq_rel);
  parts_.queue.refuse(Error{Errc::fenced, "write: the database is being recovered"});
  finish_queued(Error{Errc::unavailable, "write: not done; the database was recovered before its turn"});
  if (!parts_.readers.pause(parts_.options.read_timeout)) {
    if (!was_fenced) {
      fenced_.store(false, std::memory_order_release);
      parts_.queue.accept();
    }
    return Error{Errc::timeout, "recover: read transactions are still open"};
  }
  auto done = reconnect();
  parts_.readers.resume();
  if (!done) {
    parts_.logger.error("database.recover_failed", {{"error", done.error().message()}});
    tell_fenced();  // it may have been in good health before
    return done;
  }
  fenced_.store(false, std::memory_order_release);
  parts_.queue.accept();
  parts_.logger.info("database.recovered", {{"epoch", epoch()}});
  return {};
}

// Pages after a failed sync are not trusted: the kernel may hold them as clean though they never reached the disk.
// With all connections closed the log is written again, SQLite reads it from its start, and the checkpoint writes every
// page of it into the file anew and syncs that.
Result<void> Writer::reconnect() {
  end_copies(Error{Errc::unavailable, "copy: the database was recovered meanwhile"});
  parts_.readers.drop_connections();
  group_commit_.reset();
  checkpointer_.reset();
  connection_.reset();
  if (!parts_.store.exists()) return Error{Errc::unavailable, fmt::format("recover: {} is gone", parts_.store.name())};
  epoch_.fetch_add(1, std::memory_order_acq_rel);
  if (auto connected = connect(); !connected) return connected;
  if (auto trusted = make_log_trusted(); !trusted) return trusted;
  if (auto copied = checkpointer_->truncate(); !copied) return copied;
  for (CommitParticipant* const participant : participants_) {
    if (auto loaded = group_commit_->reload(*participant); !loaded) return loaded;
  }
  return {};
}

Result<void> Writer::begin_copy(const std::shared_ptr<LiveCopy>& copy) {
  if (fenced()) return Error{Errc::fenced, "copy: the database is fenced; recover() first"};
  copies_.push_back(copy);
  auto begun = copy->begin(*connection_);
  if (!begun) end_copy(*copy, begun.error());
  return begun;
}

Result<CopyProgress> Writer::step_copy(LiveCopy& copy) {
  auto progress = copy.step();
  if (!progress || copy.complete()) end_copy(copy, std::nullopt);
  return progress;
}

void Writer::end_copy(LiveCopy& copy, std::optional<Error> why) {
  copy.end(std::move(why));
  std::erase_if(copies_, [&](const std::shared_ptr<LiveCopy>& one) { return one.get() == &copy; });
}

void Writer::end_copies(const Error& why) {
  for (const std::shared_ptr<LiveCopy>& copy : copies_) copy->end(why);
  copies_.clear();
}

Result<void> Writer::close() {
  Result<void> outcome;
  end_copies(Error{Errc::cancelled, "copy: the database was closed meanwhile"});
  if (checkpointer_ && !fenced()) outcome = checkpointer_->truncate();
  group_commit_.reset();
  checkpointer_.reset();
  if (connection_ && outcome && !fenced()) {
    // Nothing is left to copy; now the last one to close may remove the log and the shared memory.
    sqlite3_db_config(connection_->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  }
  connection_.reset();
  return outcome;
}

}  // namespace cairn::sql
