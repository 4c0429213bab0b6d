#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include <cairn/core/clock.hpp>
#include <cairn/core/sql/commit_participant.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/eventstore/append.hpp>
#include <cairn/eventstore/event_store_options.hpp>
#include <cairn/eventstore/stream_retention.hpp>

#include "encoded_append.hpp"
#include "id_window.hpp"
#include "index_flush.hpp"
#include "log_tail.hpp"
#include "name_table.hpp"
#include "open_group.hpp"
#include "pending_index.hpp"
#include "recent_log.hpp"
#include "stream_heads.hpp"
#include "wait_list.hpp"

namespace cairn::log {

/// The log in a SQLite database: what is appended is framed into the open group's memory, written as one tail row
/// or as full chunks before COMMIT, and published to readers after it.
/// Writer state (heads, window, open group) is touched on the writer's thread only; readers get snapshots.
class SqliteLog final : public CommitParticipant {
 public:
  SqliteLog(Database& database, const EventStoreOptions& options, const Clock& clock);

  Result<std::vector<Appended>> append(Unit& unit, const EncodedAppend& append, const AppendCondition* condition);
  /// Position of each id among the remembered ones (or all, when all are indexed). Writer's thread.
  Result<std::vector<std::optional<GlobalPosition>>> resolve(SqlReader& reader, std::span<const Uuid> ids);
  /// Adds event ids at positions (through, limit] to the index of all ids. Writer's thread.
  Result<void> index_ids(Unit& unit, std::uint64_t after, std::uint64_t through);

  Result<void> set_retention(Unit& unit, std::string_view stream, const StreamRetention& keep);
  enum class Deletion : std::uint8_t { soft, tombstone };
  Result<void> delete_stream(Unit& unit, std::string_view stream, ExpectedRevision expected, Deletion how);

  void savepoint_opened() override;
  void savepoint_released() override;
  void savepoint_rolled_back() override;
  Result<void> prepare(Unit& unit) override;
  void published() override;
  void abandoned() override;
  [[nodiscard]] bool has_idle_work() const override;
  Result<void> idle_work(Unit& unit) override;
  Result<void> reload(SqlReader& reader) override;
  void fenced() override;
  void closed() override;

  /// The committed log; any thread.
  [[nodiscard]] LogSnapshot snapshot() const;
  /// The same with the full chunks that are in memory; any thread.
  [[nodiscard]] RecentSnapshot recent() const;
  [[nodiscard]] const std::shared_ptr<WaitList>& wait_list() const noexcept { return wait_list_; }
  /// The committed log and the open group on top; writer's thread, inside a unit.
  [[nodiscard]] LogSnapshot unit_snapshot() const;
  [[nodiscard]] std::uint64_t head() const noexcept { return head_.load(std::memory_order_acquire); }
  /// Raised whenever a stream may have got another retention; 0 while no stream has any. Ask after the snapshot.
  [[nodiscard]] std::uint64_t retention_version() const noexcept {
    return retention_version_.load(std::memory_order_acquire);
  }
  [[nodiscard]] const PendingIndex& pending() const noexcept { return pending_; }
  [[nodiscard]] std::shared_ptr<const NameTable> types() const;
  [[nodiscard]] std::shared_ptr<const NameTable> categories() const;
  /// The same with what the open group has added, and the group itself; writer's thread.
  [[nodiscard]] std::shared_ptr<const NameTable> writer_types() const { return types_; }
  [[nodiscard]] std::shared_ptr<const NameTable> writer_categories() const { return categories_; }
  [[nodiscard]] const OpenGroup& open_group() const noexcept { return group_; }
  [[nodiscard]] Database& database() const noexcept { return database_; }
  [[nodiscard]] const EventStoreOptions& options() const noexcept { return options_; }
  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
  /// Events up to here may leave the log: nothing in memory leads to them. Writer's thread.
  [[nodiscard]] std::uint64_t removable_through() const;
  /// True while a verify or a scavenge runs, which do not run beside each other.
  [[nodiscard]] std::atomic<bool>& upkeep() const noexcept { return upkeep_; }

 private:
  struct Target;  // where one stream of an append goes
  struct Recalled;

  [[nodiscard]] static Error conflict(std::string_view call, std::string_view stream, ExpectedRevision expected,
                                      const StreamHead& head);
  Result<StreamHead*> head_of(SqlReader& reader, std::string_view stream);
  Result<Target> choose_target(Unit& unit, const EncodedStream& stream);
  Result<std::optional<Appended>> stored_at(Unit& unit, const StreamHead& head, std::uint64_t first_revision,
                                            const EncodedStream& stream);
  Result<Recalled> recall(Unit& unit, const EncodedStream& stream);
  Result<std::optional<Appended>> remembered(Unit& unit, const EncodedStream& stream);
  Result<std::optional<std::uint64_t>> consecutive_at(Unit& unit, std::span<const std::uint64_t> positions,
                                                      std::string_view stream);
  Result<std::optional<std::uint64_t>> position_of(SqlReader& reader, const Uuid& id);
  Result<void> create_stream(Unit& unit, StreamHead& head);
  Result<std::uint32_t> type_number(Unit& unit, std::string_view type);
  Result<void> note_schema(Unit& unit, std::uint32_t type, std::uint32_t version, std::uint64_t position);
  Result<Appended> place(Unit& unit, const EncodedAppend& append, const EncodedStream& stream, StreamHead& head);
  Result<void> place_event(Unit& unit, const EncodedAppend& append, const EncodedEvent& event, const StreamHead& head,
                           Timestamp now);
  Result<void> check_condition(Unit& unit, const AppendCondition& condition);

  [[nodiscard]] std::uint64_t next_position() const noexcept;
  void undo_to(const OpenGroup::Mark& mark);
  Result<void> write_events(Unit& unit);
  Result<void> write_chunks(Unit& unit, std::uint64_t sealed_end);
  Result<void> flush_slice(Unit& unit, std::size_t rows);
  [[nodiscard]] std::size_t pending_events_limit() const noexcept;
  void begin_flush();
  void publish_tail();
  [[nodiscard]] std::shared_ptr<const RecentLog> sealed_beside(const LogTail& tail) const;

  Result<void> load_names(SqlReader& reader);
  Result<void> load_schemas(SqlReader& reader);
  Result<void> load_tail(SqlReader& reader);
  Result<void> load_recent(SqlReader& reader);
  Result<void> load_frame(BytesView bytes, std::uint64_t position);
  /// Adds the ids of up to `chunks` chunks before the ones in the window.
  Result<void> load_older_ids(SqlReader& reader, std::size_t chunks);
  template <class OnFrame>
  Result<void> for_each_frame(SqlReader& reader, std::uint64_t number, OnFrame&& on_frame);

  Database& database_;
  const EventStoreOptions options_;
  const Clock& clock_;

  // The writer's.
  StreamHeads heads_;
  IdWindow ids_;
  OpenGroup group_;
  std::shared_ptr<NameTable> types_ = std::make_shared<NameTable>();
  std::shared_ptr<NameTable> categories_ = std::make_shared<NameTable>();
  boost::unordered_flat_set<std::uint64_t> schemas_;  ///< schema_key() of all shapes in table event_schema
  std::uint32_t next_stream_ = 1;
  std::uint32_t last_chunk_link_ = 0;
  Timestamp last_recorded_at_{};
  std::uint64_t indexed_through_ = 0;
  bool ids_readable_ = true;               ///< false after a slice of idle work could not read them
  std::uint64_t ids_missing_through_ = 0;  ///< below here the window has to be read back; 0: it is whole
  std::unique_ptr<IndexFlush> flush_;
  Bytes block_;

  // Shared with readers.
  PendingIndex pending_;
  mutable std::mutex published_mutex_;
  std::shared_ptr<LogTail> tail_;
  std::shared_ptr<const RecentLog> recent_ = std::make_shared<const RecentLog>();  ///< ends where tail_ begins
  std::shared_ptr<const NameTable> published_types_;
  std::shared_ptr<const NameTable> published_categories_;
  std::atomic<std::uint64_t> head_{0};
  std::atomic<std::uint64_t> retention_version_{0};
  mutable std::atomic<bool> upkeep_{false};
  std::shared_ptr<WaitList> wait_list_ = std::make_shared<WaitList>();
};

}  // namespace cairn::log
