#include <cairn/core/sql/database.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "sql/commit_queue.hpp"
#include "sql/live_copy.hpp"
#include "sql/migrator.hpp"
#include "sql/owner_lock.hpp"
#include "sql/read_pool.hpp"
#include "sql/store_file.hpp"
#include "sql/store_opening.hpp"
#include "sql/unfinished_copy.hpp"
#include "sql/writer.hpp"
#include "sql/writer_scope.hpp"

namespace cairn {
namespace {

// Where a thread sleeps until the writer has its answer. The writer may call notify on it after the sleeper has gone;
// that is harmless, because waking looks at the address and not behind it.
class Answer final {
 public:
  void give(Result<void> outcome) {
    outcome_ = std::move(outcome);
    given_.store(1, std::memory_order_release);
    given_.notify_one();
  }
  Result<void> wait() {
    given_.wait(0, std::memory_order_acquire);
    return std::move(outcome_);
  }
  [[nodiscard]] bool given() const noexcept { return given_.load(std::memory_order_acquire) != 0; }

 private:
  std::atomic<int> given_{0};
  Result<void> outcome_;
};

class WaitedUnit final : public QueuedUnit {
 public:
  explicit WaitedUnit(QueuedUnit& unit) : unit_{unit} {}
  Result<void> run(Unit& unit) override { return unit_.run(unit); }
  void finished(Result<void> outcome) override { answer.give(std::move(outcome)); }
  [[nodiscard]] std::size_t size_bytes() const override { return unit_.size_bytes(); }

  Answer answer;

 private:
  QueuedUnit& unit_;
};

}  // namespace

struct Database::Impl {
  Impl(DatabaseOptions given, DatabaseParts parts, std::unique_ptr<sql::StoreFile> file,
       std::unique_ptr<sql::OwnerLock> owner)
      : options{std::move(given)},
        clock{parts.clock == nullptr ? system_clock : *parts.clock},
        logger{parts.logger == nullptr ? null_logger() : *parts.logger},
        store{std::move(file)},
        lock{std::move(owner)},
        queue{{options.queue_units_max, options.queue_bytes_max, options.queue_timeout}, clock},
        readers{[this] { return sql::open_reader(*store, options); },
                {options.readers, options.read_timeout, !stepped()},
                clock},
        writer{{options, *store, queue, readers, clock, logger,
                parts.metrics == nullptr ? null_metrics() : *parts.metrics}} {}

  [[nodiscard]] bool stepped() const noexcept { return options.writer == WriterMode::stepped; }

  /// Runs `f` where the writer runs, between two groups.
  template <class F>
  Result<void> on_writer(std::string_view call, F&& f) {
    if (auto allowed = sql::refuse_inside_writer(call); !allowed) return allowed;
    if (stepped()) {
      if (closed) return Error{Errc::cancelled, fmt::format("{}: the database is closed", call)};
      return f();
    }
    Answer answer;
    if (auto queued = queue.push_errand([&] { answer.give(f()); }); !queued) return queued;
    return answer.wait();
  }

  SystemClock system_clock;
  const DatabaseOptions options;
  const Clock& clock;
  Logger& logger;
  std::unique_ptr<sql::StoreFile> store;
  std::unique_ptr<sql::OwnerLock> lock;
  sql::CommitQueue queue;
  sql::ReadPool readers;
  sql::Writer writer;
  std::thread thread;
  std::mutex closing;
  bool closed = false;  // under `closing`
};

Database::Database(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

Result<std::unique_ptr<Database>> Database::open(DatabaseOptions options, DatabaseParts parts) {
  auto store = sql::StoreFile::locate(options);
  if (!store) return std::move(store).error();
  auto lock = sql::OwnerLock::take(**store);
  if (!lock) return std::move(lock).error();
  auto impl = std::make_unique<Impl>(std::move(options), parts, *std::move(store), *std::move(lock));
  if (auto opened = impl->writer.open(); !opened) return std::move(opened).error();
  impl->lock->keep();
  if (!impl->stepped()) {
    try {
      impl->thread = std::thread{[&writer = impl->writer] { writer.run(); }};
    } catch (const std::system_error& thrown) {
      return Error{Errc::unavailable, fmt::format("open {}: start the writer: {}", impl->store->name(), thrown.what())};
    }
  }
  impl->logger.info("database.opened", {{"file", impl->store->name()}});
  return std::unique_ptr<Database>{new Database{std::move(impl)}};
}

Database::~Database() {
  if (auto closed = close(); !closed) {
    impl_->logger.error("database.close_failed", {{"error", closed.error().message()}});
  }
}

Result<void> Database::migrate(std::string_view component, std::span<const Migration> migrations) {
  return sql::migrate(*this, impl_->clock, component, migrations);
}

Result<void> Database::attach(CommitParticipant& participant) {
  return impl_->on_writer("Database::attach", [&] { return impl_->writer.attach(participant); });
}

void Database::detach(CommitParticipant& participant) {
  const auto remove = [&]() -> Result<void> {
    impl_->writer.detach(participant);
    return {};
  };
  // Refused after close(), when nobody calls participants any more.
  (void)impl_->on_writer("Database::detach", remove);
}

Result<void> Database::submit(QueuedUnit& unit) {
  if (sql::writer_call() == sql::WriterCall::unit) return sql::refuse_inside_writer("Database::submit");
  // A completion may queue more work, but it runs where room is made, so it cannot wait for room.
  const bool may_wait = !impl_->stepped() && sql::writer_call() == sql::WriterCall::none;
  return impl_->queue.push(unit, may_wait);
}

Result<void> Database::run_blocking(QueuedUnit& unit, Turn turn) {
  if (auto allowed = sql::refuse_inside_writer("Database::write"); !allowed) return allowed;
  WaitedUnit waited{unit};
  const auto push = [&](bool may_wait) {
    return turn == Turn::usual ? impl_->queue.push(waited, may_wait) : impl_->queue.push_background(waited);
  };
  if (!impl_->stepped()) {
    if (auto queued = push(true); !queued) return queued;
    return waited.answer.wait();
  }
  auto queued = push(false);
  while (!queued && queued.error().code() == Errc::timeout && impl_->writer.step(impl_->options.group_units_max)) {
    queued = push(false);
  }
  if (!queued) return queued;
  while (!waited.answer.given()) impl_->writer.step(impl_->options.group_units_max);
  return waited.answer.wait();
}

Result<ReadTx> Database::read() {
  if (auto allowed = sql::refuse_inside_writer("Database::read"); !allowed) return std::move(allowed).error();
  return impl_->readers.begin();
}

Result<void> Database::recover() {
  return impl_->on_writer("Database::recover", [&] { return impl_->writer.recover(); });
}

Result<bool> Database::step(std::size_t units_max) {
  if (auto allowed = sql::refuse_inside_writer("Database::step"); !allowed) return std::move(allowed).error();
  if (!impl_->stepped()) return Error{Errc::invalid, "Database::step: this database has a writer thread"};
  if (units_max == 0) return Error{Errc::invalid, "Database::step: a group of no units"};
  if (impl_->closed) return Error{Errc::cancelled, "Database::step: the database is closed"};
  return impl_->writer.step(units_max);
}

Result<DatabaseCopy> Database::backup(const DatabaseBackup& backup) {
  constexpr std::string_view call = "Database::backup";
  if (auto allowed = sql::refuse_inside_writer(call); !allowed) return std::move(allowed).error();
  auto unfinished = sql::UnfinishedCopy::begin({.file = backup.target, .memory = impl_->options.memory});
  if (!unfinished) return std::move(unfinished).error();
  // Shared with the writer, which may have to end it after this call gave up.
  const auto copy =
      std::make_shared<sql::LiveCopy>((*unfinished)->file().same(), backup.options.step_pages, backup.mark);
  if (auto created = copy->create(); !created) return std::move(created).error();
  Result<void> done = impl_->on_writer(call, [&] { return impl_->writer.begin_copy(copy); });
  while (done && !copy->complete()) {
    Result<CopyProgress> progress = CopyProgress{};
    done = impl_->on_writer(call, [&]() -> Result<void> {
      progress = impl_->writer.step_copy(*copy);
      return progress ? Result<void>{} : progress.error();
    });
    if (done) done = sql::between_steps("backup", backup.options, *progress);
  }
  if (!done) {
    const auto end = [&]() -> Result<void> {
      impl_->writer.end_copy(*copy, std::nullopt);
      return {};
    };
    (void)impl_->on_writer(call, end);  // refused after close(), which ends it
    return std::move(done).error();
  }
  return (*unfinished)->finish(copy->mark(), impl_->clock.now());
}

Result<std::optional<StoreOrigin>> Database::origin() {
  auto tx = read();
  if (!tx) return std::move(tx).error();
  std::optional<StoreOrigin> origin;
  auto table = tx->first<std::int64_t>("SELECT 1 FROM sqlite_schema WHERE name = 'store_copy'", {});
  if (!table) return std::move(table).error();
  if (!*table) return origin;
  StoreOrigin found;
  auto walked = tx->each("SELECT kind, at, mark FROM store_copy ORDER BY number", {}, [&](const Row& row) {
    const Timestamp at{std::chrono::microseconds{row.integer(1)}};
    if (row.text(0) == "backup") {
      found.backed_up_at = at;
    } else {
      found.restored_at = at;
      found.mark = row.get<std::uint64_t>(2);
      origin = found;
    }
  });
  if (!walked) return std::move(walked).error();
  return origin;
}

Result<void> Database::close() {
  if (auto allowed = sql::refuse_inside_writer("Database::close"); !allowed) return allowed;
  const std::lock_guard lock{impl_->closing};
  if (impl_->closed) return {};
  impl_->queue.refuse(Error{Errc::cancelled, "the database is closed"});
  impl_->queue.stop();
  if (impl_->thread.joinable()) {
    impl_->thread.join();
  } else if (impl_->stepped()) {
    impl_->writer.drain();
  }
  impl_->writer.tell_closed();
  if (!impl_->readers.close(impl_->options.read_timeout)) {
    return Error{Errc::timeout, fmt::format("close {}: read transactions are still open", impl_->store->name())};
  }
  auto outcome = impl_->writer.close();
  impl_->lock.reset();
  impl_->closed = true;
  return outcome;
}

Result<void> Database::may_wait(std::string_view call) const { return sql::refuse_inside_writer(call); }

WriterMode Database::writer_mode() const noexcept { return impl_->options.writer; }

bool Database::fenced() const noexcept { return impl_->writer.fenced(); }

std::uint64_t Database::epoch() const noexcept { return impl_->writer.epoch(); }

DatabaseStatistics Database::statistics() const {
  const sql::WriterCounters& counters = impl_->writer.counters();
  const VfsCounters files = impl_->store->counters();
  return {
      .groups_committed = counters.groups_committed.load(std::memory_order_relaxed),
      .units_committed = counters.units_committed.load(std::memory_order_relaxed),
      .units_refused = counters.units_refused.load(std::memory_order_relaxed),
      .units_over_budget = counters.units_over_budget.load(std::memory_order_relaxed),
      .checkpoints = counters.checkpoints.load(std::memory_order_relaxed),
      .syncs = files.syncs,
      .bytes_written = files.wal_bytes_written + files.main_bytes_written,
      .wal_bytes = counters.wal_bytes.load(std::memory_order_relaxed),
      .wal_bytes_peak = counters.wal_bytes_peak.load(std::memory_order_relaxed),
      .largest_group_bytes = counters.largest_group_bytes.load(std::memory_order_relaxed),
  };
}

Result<DatabaseReport> Database::report() {
  DatabaseReport report{.cairn_version = CAIRN_VERSION, .sqlite_version = sqlite3_libversion()};
  const sql::ReadPool::Usage reads = impl_->readers.usage();
  auto tx = read();
  if (!tx) return std::move(tx).error();
  const auto ask = [&tx](std::string_view pragma) { return tx->first<std::uint64_t>(pragma, {}); };
  const auto application = ask("PRAGMA application_id");
  const auto format = ask("PRAGMA user_version");
  const auto page_bytes = ask("PRAGMA page_size");
  const auto pages = ask("PRAGMA page_count");
  const auto free_pages = ask("PRAGMA freelist_count");
  for (const auto* answer : {&application, &format, &page_bytes, &pages, &free_pages}) {
    if (!*answer) return answer->error();
  }
  const auto mode = tx->first<std::string>("PRAGMA journal_mode", {});
  if (!mode) return mode.error();

  report.application_id = static_cast<std::uint32_t>(application->value_or(0));
  report.file_format = static_cast<std::uint32_t>(format->value_or(0));
  report.file_bytes = impl_->store->size_of("");
  report.wal_file_bytes = impl_->store->size_of("-wal");
  report.page_bytes = page_bytes->value_or(0);
  report.pages = pages->value_or(0);
  report.free_pages = free_pages->value_or(0);
  report.journal_mode = mode->value_or("");
  report.durability = impl_->options.durability;
  const sql::WriterCounters& counters = impl_->writer.counters();
  report.wal_pages_copied = counters.wal_pages_copied.load(std::memory_order_relaxed);
  report.wal_pages = counters.wal_pages.load(std::memory_order_relaxed);
  report.wal_bytes_max = impl_->options.wal_bytes_max;
  report.readers = impl_->options.readers;
  report.readers_busy = reads.open;
  report.readers_waiting = reads.waiting;
  report.oldest_read = reads.oldest;
  report.fenced = fenced();
  report.epoch = epoch();
  report.statistics = statistics();
  return report;
}

Logger& Database::logger() const noexcept { return impl_->logger; }

const std::filesystem::path& Database::file() const noexcept { return impl_->options.file; }

}  // namespace cairn
