#include <cairn/eventstore/event_store.hpp>

#include <limits>

#include <fmt/format.h>

#include <cairn/core/id_source.hpp>
#include <cairn/core/log.hpp>
#include <cairn/core/metrics.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/secure_random.hpp>
#include <cairn/core/sql/database.hpp>

#include "encoded_append.hpp"
#include "follower.hpp"
#include "log_cursor.hpp"
#include "make_subscription.hpp"
#include "retention_table.hpp"
#include "scavenge.hpp"
#include "schema_sql.hpp"
#include "sqlite_log.hpp"
#include "store_doctor.hpp"
#include "store_verify.hpp"
#include "stored_schemas.hpp"

namespace cairn {

/// What a store uses when it is handed nothing else.
struct SystemParts {
  explicit SystemParts(const SeededRandom& seeded) : random{seeded} {}

  SystemClock clock;
  SeededRandom random;
  UuidV7Source ids{clock, random};
};

struct EventStore::Impl {
  Impl(Database& database, const EventStoreOptions& options, const EventStoreParts& parts, const SeededRandom& random)
      : system{random},
        ids{parts.ids != nullptr ? *parts.ids : system.ids},
        metrics{parts.metrics != nullptr ? *parts.metrics : null_metrics()},
        log{database, options, parts.clock != nullptr ? *parts.clock : system.clock} {}

  Result<std::vector<Appended>> append(std::span<const StreamAppend> streams, const AppendCondition* condition);
  Result<std::vector<Appended>> append(Unit& unit, std::span<const StreamAppend> streams,
                                       const AppendCondition* condition);
  Result<void> set_up_id_index();
  Result<std::int64_t> id_index_reach();

  SystemParts system;
  IdSource& ids;
  Metrics& metrics;
  log::SqliteLog log;
  bool attached = false;
};

namespace {

Result<std::optional<Revision>> head_of(Reader reader) {
  auto last = reader.next();
  if (!last) return std::move(last).error();
  return reader.stream_head();
}

Result<Appended> only(Result<std::vector<Appended>> landed) {
  if (!landed) return std::move(landed).error();
  return landed->front();
}

/// An append that its caller does not wait for; deletes itself when it is done.
class AsyncAppend final : public QueuedUnit {
 public:
  static Result<std::unique_ptr<AsyncAppend>> make(log::SqliteLog& log, const StreamId& stream,
                                                   ExpectedRevision expected, std::span<const NewEvent> events,
                                                   EventStore::AppendDone done) {
    std::unique_ptr<AsyncAppend> made{new AsyncAppend{log, {events.begin(), events.end()}, std::move(done)}};
    made->append_.emplace(StreamAppend{stream, expected, made->events_});
    auto encoded = log::EncodedAppend::encode({&*made->append_, 1});
    if (!encoded) return std::move(encoded).error();
    made->encoded_.emplace(std::move(*encoded));
    return made;
  }

  Result<void> run(Unit& unit) override {
    auto landed = log_.append(unit, *encoded_, nullptr);
    if (!landed) return std::move(landed).error();
    landed_ = landed->front();
    return {};
  }
  void finished(Result<void> outcome) override {
    const std::unique_ptr<AsyncAppend> self{this};
    if (outcome) {
      done_(landed_);
    } else {
      done_(std::move(outcome).error());
    }
  }
  [[nodiscard]] std::size_t size_bytes() const override { return encoded_->size_bytes(); }

 private:
  AsyncAppend(log::SqliteLog& log, std::vector<NewEvent> events, EventStore::AppendDone done)
      : log_{log}, events_{std::move(events)}, done_{std::move(done)} {}

  log::SqliteLog& log_;
  std::vector<NewEvent> events_;
  std::optional<StreamAppend> append_;         // points into events_
  std::optional<log::EncodedAppend> encoded_;  // points into append_ and events_
  EventStore::AppendDone done_;
  Appended landed_;
};

}  // namespace

EventStore::EventStore(std::unique_ptr<Impl> impl) noexcept : impl_{std::move(impl)} {}

EventStore::~EventStore() {
  impl_->log.wait_list()->close_and_wait();
  if (impl_->attached) impl_->log.database().detach(impl_->log);
}

Result<std::unique_ptr<EventStore>> EventStore::open(Database& database, const EventStoreOptions& options,
                                                     EventStoreParts parts) {
  if (auto migrated = database.migrate("eventstore", log::schema::migrations); !migrated)
    return std::move(migrated).error();
  OpenSslRandom entropy;
  const auto random = SeededRandom::from_entropy(entropy);
  if (!random) return random.error();
  std::unique_ptr<EventStore> store{new EventStore{std::make_unique<Impl>(database, options, parts, *random)}};
  if (auto attached = database.attach(store->impl_->log); !attached) return std::move(attached).error();
  store->impl_->attached = true;
  if (auto ready = store->impl_->set_up_id_index(); !ready) return std::move(ready).error();
  if (auto ready = store->check_schemas(); !ready) return std::move(ready).error();
  return store;
}

// Not in a unit: a store opens for reading on a disk that is too full for any.
Result<std::int64_t> EventStore::Impl::id_index_reach() {
  auto transaction = log.database().read();
  if (!transaction) return std::move(transaction).error();
  auto reach = transaction->first<std::int64_t>("SELECT value FROM store WHERE key = 'all_ids_indexed'", {});
  if (!reach) return std::move(reach).error();
  return reach->value_or(0);
}

/// The row all_ids_indexed is -1 while the index of ids is kept, and otherwise says how far it reaches.
Result<void> EventStore::Impl::set_up_id_index() {
  constexpr std::int64_t kept = -1;
  constexpr std::uint64_t slice = 1'000;
  auto before_now = id_index_reach();
  if (!before_now) return std::move(before_now).error();
  const std::int64_t before = *before_now;
  const auto set_reach = [&](std::int64_t value) {
    return log.database().write([&](Unit& unit) -> Result<void> {
      auto done = unit.exec("UPDATE store SET value = $1 WHERE key = 'all_ids_indexed'", {value});
      if (!done) return std::move(done).error();
      return {};
    });
  };
  if (!log.options().index_all_ids)
    return before == kept ? set_reach(static_cast<std::int64_t>(log.head())) : Result<void>{};
  if (before == kept) return {};
  for (std::uint64_t after = static_cast<std::uint64_t>(before); after < log.head();) {
    const std::uint64_t through = std::min(after + slice, log.head());
    auto done = log.database().write([&](Unit& unit) -> Result<void> {
      if (auto indexed = log.index_ids(unit, after, through); !indexed) return indexed;
      auto moved = unit.exec("UPDATE store SET value = $1 WHERE key = 'all_ids_indexed'", {through});
      if (!moved) return std::move(moved).error();
      return {};
    });
    if (!done) return done;
    after = through;
  }
  return set_reach(kept);
}

NewEvent EventStore::new_event(std::string_view type, BytesView data, Metadata metadata) const {
  return {.id = impl_->ids.next(),
          .type = std::string{type},
          .data = {data.begin(), data.end()},
          .metadata = std::move(metadata)};
}

Result<std::vector<Appended>> EventStore::Impl::append(std::span<const StreamAppend> streams,
                                                       const AppendCondition* condition) {
  const auto encoded = log::EncodedAppend::encode(streams);
  if (!encoded) return encoded.error();
  return log.database().write([&](Unit& unit) { return log.append(unit, *encoded, condition); }, encoded->size_bytes());
}

Result<std::vector<Appended>> EventStore::Impl::append(Unit& unit, std::span<const StreamAppend> streams,
                                                       const AppendCondition* condition) {
  const auto encoded = log::EncodedAppend::encode(streams);
  if (!encoded) return encoded.error();
  return unit.nested([&] { return log.append(unit, *encoded, condition); });
}

Result<Appended> EventStore::append(const StreamId& stream, ExpectedRevision expected,
                                    std::span<const NewEvent> events) {
  const StreamAppend append{stream, expected, events};
  return only(impl_->append({&append, 1}, nullptr));
}

Result<Appended> EventStore::append(const StreamId& stream, ExpectedRevision expected, const NewEvent& event) {
  return append(stream, expected, {&event, 1});
}

Result<std::vector<Appended>> EventStore::append(std::span<const StreamAppend> streams) {
  return impl_->append(streams, nullptr);
}

Result<Appended> EventStore::append_if(const AppendCondition& condition, const StreamAppend& append) {
  return only(impl_->append({&append, 1}, &condition));
}

Result<std::vector<Appended>> EventStore::append_if(const AppendCondition& condition,
                                                    std::span<const StreamAppend> streams) {
  return impl_->append(streams, &condition);
}

Result<void> EventStore::append_async(const StreamId& stream, ExpectedRevision expected,
                                      std::span<const NewEvent> events, AppendDone done) {
  auto append = AsyncAppend::make(impl_->log, stream, expected, events, std::move(done));
  if (!append) return std::move(append).error();
  auto queued = impl_->log.database().submit(**append);
  // From here on the append belongs to the queue, which calls finished().
  if (queued) static_cast<void>(append->release());
  return queued;
}

Result<Appended> EventStore::append(Unit& unit, const StreamId& stream, ExpectedRevision expected,
                                    std::span<const NewEvent> events) {
  const StreamAppend append{stream, expected, events};
  return only(impl_->append(unit, {&append, 1}, nullptr));
}

Result<Appended> EventStore::append_if(Unit& unit, const AppendCondition& condition, const StreamAppend& append) {
  return only(impl_->append(unit, {&append, 1}, &condition));
}

Result<Appended> EventStore::append_recorded(Unit& unit, const StreamId& stream, Revision revision,
                                             const NewEvent& event, Timestamp recorded_at) {
  const auto expected =
      revision.value == 0 ? ExpectedRevision::no_stream() : ExpectedRevision::exactly(revision.value - 1);
  const StreamAppend append{stream, expected, {&event, 1}};
  auto encoded = log::EncodedAppend::encode({&append, 1});
  if (!encoded) return std::move(encoded).error();
  encoded->set_recorded_at(recorded_at);
  return only(unit.nested([&] { return impl_->log.append(unit, *encoded, nullptr); }));
}

Reader EventStore::read_all(ReadAll options) const {
  return Reader{log::make_log_cursor(impl_->log, nullptr, std::move(options))};
}

Reader EventStore::read_all(Unit& unit, ReadAll options) const {
  return Reader{log::make_log_cursor(impl_->log, &unit, std::move(options))};
}

Reader EventStore::read_stream(const StreamId& stream, ReadStream options) const {
  return Reader{log::make_stream_cursor(impl_->log, nullptr, stream, options)};
}

Reader EventStore::read_stream(Unit& unit, const StreamId& stream, ReadStream options) const {
  return Reader{log::make_stream_cursor(impl_->log, &unit, stream, options)};
}

Result<Subscription> EventStore::subscribe(SubscribeAll options) const {
  using Kind = StartPosition::Kind;
  const log::SqliteLog& log = impl_->log;
  if (options.batch_bytes == 0) return Error{Errc::invalid, "subscribe: batches of 0 bytes"};
  const std::uint64_t after = options.from.kind() == Kind::end ? log.head() : options.from.place().value;
  const log::SubscriptionMetrics metrics{impl_->metrics, options.name};
  return log::make_subscription(
      log, metrics,
      log::make_filter_follower(log, std::move(options.filter), after, options.batch_bytes, metrics.file_reads));
}

Result<Subscription> EventStore::subscribe(const StreamId& stream, SubscribeStream options) const {
  using Kind = StartRevision::Kind;
  const log::SqliteLog& log = impl_->log;
  if (options.batch_bytes == 0) return Error{Errc::invalid, "subscribe: batches of 0 bytes"};
  if (options.from.place().value == std::numeric_limits<std::uint64_t>::max()) {
    return Error{Errc::invalid, "subscribe: there is no revision after the last number there is"};
  }
  log::StreamStart start;
  if (options.from.kind() == Kind::after) start.next_revision = options.from.place().value + 1;
  if (options.from.kind() == Kind::end) {
    start.after = log.head();  // before the question: what comes between is told apart by its revision
    Reader reader = read_stream(stream, {.direction = Direction::backward, .events_max = 1});
    if (auto last = reader.next(); !last) return std::move(last).error();
    // A deleted stream has no head, but goes on where it stopped.
    if (const auto head = reader.stream_head()) {
      start.next_revision = head->value + 1;
    } else {
      start.next_revision = reader.truncated_before().value_or(Revision{}).value;
      start.deletion_told = start.next_revision;
    }
  }
  const log::SubscriptionMetrics metrics{impl_->metrics, options.name};
  return log::make_subscription(log, metrics,
                                log::make_stream_follower(log, stream, start, options.batch_bytes, metrics.file_reads));
}

GlobalPosition EventStore::head() const noexcept { return {impl_->log.head()}; }

Result<std::optional<Revision>> EventStore::stream_head(const StreamId& stream) const {
  return head_of(read_stream(stream, {.direction = Direction::backward, .events_max = 1}));
}

Result<std::optional<Revision>> EventStore::stream_head(Unit& unit, const StreamId& stream) const {
  return head_of(read_stream(unit, stream, {.direction = Direction::backward, .events_max = 1}));
}

Result<void> EventStore::set_retention(const StreamId& stream, const StreamRetention& keep) {
  return database().write([&](Unit& unit) { return set_retention(unit, stream, keep); });
}

Result<void> EventStore::set_retention(Unit& unit, const StreamId& stream, const StreamRetention& keep) {
  return unit.nested([&] { return impl_->log.set_retention(unit, stream.text(), keep); });
}

Result<StreamRetention> EventStore::retention(const StreamId& stream) const {
  const auto last = stream_head(stream);
  if (!last) return last.error();
  auto transaction = database().read();
  if (!transaction) return std::move(transaction).error();
  return log::retention_setting(*transaction, stream.text(), *last);
}

Result<StreamRetention> EventStore::retention(Unit& unit, const StreamId& stream) const {
  const auto last = stream_head(unit, stream);
  if (!last) return last.error();
  return log::retention_setting(unit, stream.text(), *last);
}

Result<void> EventStore::delete_stream(const StreamId& stream, ExpectedRevision expected) {
  return database().write([&](Unit& unit) { return delete_stream(unit, stream, expected); });
}

Result<void> EventStore::delete_stream(Unit& unit, const StreamId& stream, ExpectedRevision expected) {
  return unit.nested(
      [&] { return impl_->log.delete_stream(unit, stream.text(), expected, log::SqliteLog::Deletion::soft); });
}

Result<void> EventStore::tombstone_stream(const StreamId& stream, ExpectedRevision expected) {
  return database().write([&](Unit& unit) { return tombstone_stream(unit, stream, expected); });
}

Result<void> EventStore::tombstone_stream(Unit& unit, const StreamId& stream, ExpectedRevision expected) {
  return unit.nested(
      [&] { return impl_->log.delete_stream(unit, stream.text(), expected, log::SqliteLog::Deletion::tombstone); });
}

Result<std::vector<std::optional<GlobalPosition>>> EventStore::resolve(std::span<const Uuid> event_ids) const {
  return impl_->log.database().write([&](Unit& unit) { return impl_->log.resolve(unit, event_ids); });
}

const EventSchemas& EventStore::schemas() const noexcept { return impl_->log.options().schemas; }

Result<std::vector<StoredSchema>> EventStore::stored_schemas() const {
  return log::read_schemas(database(), schemas());
}

Result<void> EventStore::check_schemas() {
  if (auto learned = log::learn_schemas(*this); !learned) return learned;
  const bool required = impl_->log.options().require_schema_paths;
  if (schemas().empty() && !required) return {};
  auto stored = stored_schemas();
  if (!stored) return std::move(stored).error();
  if (required) return log::check_paths(*stored);
  for (const StoredSchema& one : *stored) {
    if (one.has_path) continue;
    database().logger().warning("eventstore.schema_without_path", {{"type", one.schema.type},
                                                                   {"version", std::uint64_t{one.schema.version}},
                                                                   {"first_position", one.first_position.value}});
  }
  return {};
}

Result<ScavengeReport> EventStore::scavenge(const ScavengeOptions& options) {
  return log::scavenge(impl_->log, options);
}

Result<VerifyReport> EventStore::verify(const VerifyOptions& options) const {
  return log::verify_store(impl_->log, options);
}

Result<StoreReport> EventStore::doctor(const DoctorOptions& options) const {
  return log::examine_store(impl_->log, options);
}

Result<BackupReport> EventStore::backup(const std::filesystem::path& target, CopyOptions options) const {
  auto copy = database().backup(
      {.target = target, .mark = [this] { return impl_->log.head(); }, .options = std::move(options)});
  if (!copy) return std::move(copy).error();
  return BackupReport{.position = {copy->mark}, .pages = copy->pages, .bytes = copy->bytes};
}

Database& EventStore::database() const noexcept { return impl_->log.database(); }

}  // namespace cairn
