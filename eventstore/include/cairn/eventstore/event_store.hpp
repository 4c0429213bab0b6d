#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/append.hpp>
#include <cairn/eventstore/backup.hpp>
#include <cairn/eventstore/doctor.hpp>
#include <cairn/eventstore/event_store_options.hpp>
#include <cairn/eventstore/read_options.hpp>
#include <cairn/eventstore/reader.hpp>
#include <cairn/eventstore/scavenge.hpp>
#include <cairn/eventstore/stream_retention.hpp>
#include <cairn/eventstore/subscribe_options.hpp>
#include <cairn/eventstore/subscription.hpp>
#include <cairn/eventstore/verify.hpp>

namespace cairn {

class Database;
class Unit;

/// The log: append-only streams of events in one global order, kept in a Database.
///
/// Appends are durable on return (unless the database was opened with Durability::relaxed) and atomic: all
/// events of a call, in one or several streams, or none. Common errors of every append:
///   invalid (empty, over a limit, nil or doubled id, malformed name; nothing was queued), conflict (numbers
///   "actual_revision" unless the stream does not exist), unavailable, timeout, storage_full (known not done),
///   outcome_unknown (use the same event ids again after recover(), or resolve()), fenced, stream_deleted (the stream
///   has a tombstone).
/// Repeats: a batch whose ids are stored already, in order, is answered with its original place; a batch of
/// which only a part is stored is a conflict. With no_stream() and exactly(n) this holds for as long as the
/// events are in the log; with any(), stream_exists() and append_if for the last `id_window` events, or as long with
/// `index_all_ids`.
/// Thread-safe. Spans and strings are read during the call only.
class EventStore final {
 public:
  /// Creates or migrates the log's tables in `database` and reads back what it keeps in memory.
  /// Errors: those of Database::migrate, corrupt, and unknown_schema (see EventStoreOptions::require_schema_paths).
  /// `database` must outlive the store.
  [[nodiscard]] static Result<std::unique_ptr<EventStore>> open(Database& database,
                                                                const EventStoreOptions& options = {},
                                                                EventStoreParts parts = {});
  ~EventStore();
  EventStore(const EventStore&) = delete;
  EventStore& operator=(const EventStore&) = delete;

  /// An event with a fresh time-ordered id (UUIDv7).
  [[nodiscard]] NewEvent new_event(std::string_view type, BytesView data, Metadata metadata = {}) const;
  /// A typed event, encoded by Codec<T>. Errors: those of the codec.
  template <Encodable T>
  [[nodiscard]] Result<NewEvent> new_event(const T& event, Metadata metadata = {}) const;

  Result<Appended> append(const StreamId& stream, ExpectedRevision expected, std::span<const NewEvent> events);
  Result<Appended> append(const StreamId& stream, ExpectedRevision expected, const NewEvent& event);
  /// Several streams as one atomic unit; a stream may occur once. Results in the order given.
  Result<std::vector<Appended>> append(std::span<const StreamAppend> streams);
  /// Appends unless `condition` finds an event. Errors besides the common ones: already_exists, too_broad (the
  /// condition would have to look at more than `condition_events_max` events; add a tag).
  Result<Appended> append_if(const AppendCondition& condition, const StreamAppend& append);
  Result<std::vector<Appended>> append_if(const AppendCondition& condition, std::span<const StreamAppend> streams);

  /// Queues and returns; `done` is called once, on the writer's thread, when the outcome is known: keep it short.
  /// What can be checked at once (limits, a full queue) is returned here, and `done` is then not called.
  using AppendDone = std::function<void(Result<Appended>)>;
  Result<void> append_async(const StreamId& stream, ExpectedRevision expected, std::span<const NewEvent> events,
                            AppendDone done);

  /// The same as part of a unit of Database::write: lands, or not, with everything else the unit does.
  Result<Appended> append(Unit& unit, const StreamId& stream, ExpectedRevision expected,
                          std::span<const NewEvent> events);
  Result<Appended> append_if(Unit& unit, const AppendCondition& condition, const StreamAppend& append);

  /// An event as another store recorded it: at its revision, that is after the one before it, and with its time, as far
  /// as time in this store neither goes back nor ahead of the clock. For imports; see import_jsonl.
  Result<Appended> append_recorded(Unit& unit, const StreamId& stream, Revision revision, const NewEvent& event,
                                   Timestamp recorded_at);

  /// From now on `stream` keeps so much (see StreamRetention); replaces what was set before and lasts until it is set
  /// again, over a deletion as well. Errors besides those of a write: invalid (0, or out of range), not_found (no such
  /// stream: set it in the unit of its first append), stream_deleted.
  Result<void> set_retention(const StreamId& stream, const StreamRetention& keep);
  Result<void> set_retention(Unit& unit, const StreamId& stream, const StreamRetention& keep);
  /// What was set last. Errors: not_found (no such stream, or deleted), stream_deleted (tombstone), and those of a
  /// read.
  [[nodiscard]] Result<StreamRetention> retention(const StreamId& stream) const;
  [[nodiscard]] Result<StreamRetention> retention(Unit& unit, const StreamId& stream) const;
  /// Ends the stream's life, and drops its snapshots. It reads as one that does not exist, and no_stream() holds; the
  /// next append begins another life at the revision after the last one. A batch of an earlier life is not a repeat
  /// under no_stream(). Errors besides those of a write: conflict (`expected` does not hold: somebody appended);
  /// not_found (no such stream) and stream_deleted, which after an unknown outcome say that it was done.
  Result<void> delete_stream(const StreamId& stream, ExpectedRevision expected);
  Result<void> delete_stream(Unit& unit, const StreamId& stream, ExpectedRevision expected);
  /// The same for ever: appends are refused with stream_deleted. Also for a stream that is deleted.
  Result<void> tombstone_stream(const StreamId& stream, ExpectedRevision expected);
  Result<void> tombstone_stream(Unit& unit, const StreamId& stream, ExpectedRevision expected);

  /// The whole log, or what a filter lets through, in position order. What a stream does not keep is in it.
  [[nodiscard]] Reader read_all(ReadAll options = {}) const;
  /// One stream in revision order, as far as it is kept. A stream that does not exist reads as empty.
  [[nodiscard]] Reader read_stream(const StreamId& stream, ReadStream options = {}) const;
  /// The same inside a unit: sees what the unit itself and its group wrote before. The reader must not outlive the
  /// unit.
  [[nodiscard]] Reader read_all(Unit& unit, ReadAll options = {}) const;
  [[nodiscard]] Reader read_stream(Unit& unit, const StreamId& stream, ReadStream options = {}) const;

  /// Follows the log, or what a filter lets through, in position order. Errors: invalid (batch_bytes is 0), cancelled
  /// (the database is closed).
  [[nodiscard]] Result<Subscription> subscribe(SubscribeAll options = {}) const;
  /// Follows one stream in revision order; it need not exist yet. Errors: the same, and with StartRevision::end() those
  /// of a Reader.
  [[nodiscard]] Result<Subscription> subscribe(const StreamId& stream, SubscribeStream options = {}) const;

  /// Position of the last committed event; 0 for an empty log. Wait-free.
  [[nodiscard]] GlobalPosition head() const noexcept;
  /// Revision of the stream's last committed event, kept or not, or nothing when there is no such stream.
  [[nodiscard]] Result<std::optional<Revision>> stream_head(const StreamId& stream) const;
  [[nodiscard]] Result<std::optional<Revision>> stream_head(Unit& unit, const StreamId& stream) const;

  /// For each id the position of the event that has it, or nothing when it is absent: the question to ask after
  /// outcome_unknown and recover(). Looks at the last `id_window` events, or all with `index_all_ids`.
  /// Errors: fenced (recover() first).
  [[nodiscard]] Result<std::vector<std::optional<GlobalPosition>>> resolve(std::span<const Uuid> event_ids) const;

  /// Takes what streams do not keep out of the log and gives its room back to the file system, while appends go on.
  ///
  /// Positions and revisions of what stays do not change; those of what went are not used again. It goes for good: a
  /// setting that is relaxed later brings back nothing that a scavenge has begun to remove from that stream, and
  /// read_all, filters, conditions, resolve() and the recognition of repeats no longer see it. The newest events stay
  /// whatever their streams keep: the last `id_window`, those that subscriptions share in memory, and those whose
  /// index entries wait in memory. It makes room, and does not make unreadable: bytes may linger in unused parts of
  /// pages and in the write-ahead log, and what was copied before is copied. For that there is Sealed<T>.
  ///
  /// Done in slices, each a unit of its own: a crash or a stop loses at most the last one, and the next call goes on
  /// there. Errors: cancelled (stopped), unavailable (verify or another scavenge of this store runs), corrupt (names
  /// the chunk; nothing of its slice was done), and those of a write.
  Result<ScavengeReport> scavenge(const ScavengeOptions& options = {});

  /// Reads everything and checks it: checksums, the chain of chunks, density of positions and revisions, every
  /// index entry against the log and the log against the indexes. Runs beside appends. Errors: cancelled (stopped),
  /// unavailable (a scavenge or another verify of this store runs), and those of a read.
  [[nodiscard]] Result<VerifyReport> verify(const VerifyOptions& options = {}) const;

  /// How the store stands, and what an operator should know or do. Takes a few short read transactions and nothing of
  /// the writer's, so also for a health endpoint; verify() is what looks for damage. Errors: those of a read.
  [[nodiscard]] Result<StoreReport> doctor(const DoctorOptions& options = {}) const;

  /// Copies the store, everything in its database, into a file of its own while appends go on: the state of one moment,
  /// durable on return. How, at what cost to appends, and the errors: see Database::backup.
  [[nodiscard]] Result<BackupReport> backup(const std::filesystem::path& target, CopyOptions options = {}) const;

  /// How stored events become today's: what the store was opened with.
  [[nodiscard]] const EventSchemas& schemas() const noexcept;
  /// Every type and schema version that was ever appended, by type and version, and whether there is a path for it.
  [[nodiscard]] Result<std::vector<StoredSchema>> stored_schemas() const;

  [[nodiscard]] Database& database() const noexcept;

 private:
  struct Impl;
  explicit EventStore(std::unique_ptr<Impl> impl) noexcept;
  Result<void> check_schemas();
  std::unique_ptr<Impl> impl_;
};

template <Encodable T>
Result<NewEvent> EventStore::new_event(const T& event, Metadata metadata) const {
  auto data = Codec<T>::encode(event);
  if (!data) return std::move(data).error();
  NewEvent made = new_event(EventTraits<T>::type, *data, std::move(metadata));
  made.schema_version = EventTraits<T>::schema_version;
  made.content_type = Codec<T>::content_type;
  return made;
}

}  // namespace cairn
