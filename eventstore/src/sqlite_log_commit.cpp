#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "frame.hpp"
#include "frame_block.hpp"
#include "index_key.hpp"
#include "log_fetch.hpp"
#include "metadata_codec.hpp"
#include "sqlite_log.hpp"
#include "step_buffer.hpp"

namespace cairn::log {

namespace {

/// Rows a one-event commit takes along while a generation is being written.
constexpr std::size_t flush_rows_min = 4;
/// Rows of a slice of idle work: a few milliseconds, after which a waiting unit gets its turn.
constexpr std::size_t flush_rows_idle = 256;
/// Chunks of a slice that fills the window of ids after an open: about a millisecond.
constexpr std::size_t ids_chunks_idle = 16;

}  // namespace

SqliteLog::SqliteLog(Database& database, const EventStoreOptions& options, const Clock& clock)
    : database_{database},
      options_{options},
      clock_{clock},
      heads_{options.stream_cache_entries},
      ids_{options.id_window},
      tail_{std::make_shared<LogTail>(1)},
      published_types_{types_},
      published_categories_{categories_} {}

std::uint64_t SqliteLog::next_position() const noexcept {
  return head_.load(std::memory_order_relaxed) + group_.frames.size() + 1;
}

LogSnapshot SqliteLog::snapshot() const {
  const std::lock_guard lock{published_mutex_};
  return {.head = head_.load(std::memory_order_relaxed), .tail = tail_};
}

RecentSnapshot SqliteLog::recent() const {
  const std::lock_guard lock{published_mutex_};
  return {.newest = {.head = head_.load(std::memory_order_relaxed), .tail = tail_}, .sealed = recent_};
}

LogSnapshot SqliteLog::unit_snapshot() const {
  const std::uint64_t published = head_.load(std::memory_order_relaxed);
  return {
      .head = published + group_.frames.size(), .tail = tail_, .group = &group_.frames, .group_first = published + 1};
}

std::shared_ptr<const NameTable> SqliteLog::types() const {
  const std::lock_guard lock{published_mutex_};
  return published_types_;
}

std::shared_ptr<const NameTable> SqliteLog::categories() const {
  const std::lock_guard lock{published_mutex_};
  return published_categories_;
}

void SqliteLog::savepoint_opened() {
  group_.savepoints.push_back({.events = group_.events.size(),
                               .keys = group_.keys.size(),
                               .journal = group_.journal.size(),
                               .arena = group_.arena.mark(),
                               .next_stream = next_stream_,
                               .types = types_->count(),
                               .categories = categories_->count(),
                               .schemas = group_.schemas.size(),
                               .last_recorded_at = last_recorded_at_});
  if (!group_.begin) group_.begin = group_.savepoints.back();
}

void SqliteLog::savepoint_released() { group_.savepoints.pop_back(); }

void SqliteLog::savepoint_rolled_back() {
  const OpenGroup::Mark mark = group_.savepoints.back();
  group_.savepoints.pop_back();
  undo_to(mark);
}

void SqliteLog::undo_to(const OpenGroup::Mark& mark) {
  while (group_.journal.size() > mark.journal) {
    const OpenGroup::HeadBefore& before = group_.journal.back();
    before.head->number = before.number;
    before.head->category = before.category;
    before.head->next_revision = before.next_revision;
    before.head->deleted_before = before.deleted_before;
    before.head->tombstone = before.tombstone;
    group_.journal.pop_back();
  }
  group_.events.resize(mark.events);
  group_.frames.resize(mark.events);
  group_.keys.resize(mark.keys);
  group_.arena.rewind(mark.arena);
  ids_.forget_after(head_.load(std::memory_order_relaxed) + mark.events);
  while (group_.schemas.size() > mark.schemas) {
    schemas_.erase(group_.schemas.back());
    group_.schemas.pop_back();
  }
  types_->truncate(mark.types);
  categories_->truncate(mark.categories);
  next_stream_ = mark.next_stream;
  last_recorded_at_ = mark.last_recorded_at;
}

void SqliteLog::abandoned() {
  if (group_.begin) undo_to(*group_.begin);
  group_.clear();
  if (flush_) flush_->abandoned();
}

Result<void> SqliteLog::prepare(Unit& unit) {
  // A group that only asked writes nothing: it is answered on a full disk, too.
  if (group_.frames.empty()) return {};
  if (auto written = write_events(unit); !written) return written;
  if (!flush_) return {};
  // Keep pace: the frozen generation is written before the active one is half full.
  const std::size_t rows = flush_rows_min + flush_->keys() * group_.frames.size() * 2 / pending_events_limit();
  return flush_slice(unit, rows);
}

/// Events that fill a chunk go straight into it; the rest of the group becomes one tail row.
Result<void> SqliteLog::write_events(Unit& unit) {
  const std::uint64_t first_unsealed = tail_->first_position;
  const std::uint64_t end = next_position();
  const std::uint64_t sealed_end = first_unsealed + (end - first_unsealed) / chunk_events * chunk_events;
  const std::uint64_t group_first = head_.load(std::memory_order_relaxed) + 1;
  group_.chunk_link = last_chunk_link_;
  group_.sealed_frames = sealed_end > group_first ? sealed_end - group_first : 0;

  if (sealed_end > first_unsealed) {
    if (auto written = write_chunks(unit, sealed_end); !written) return written;
    auto cleared = unit.exec("DELETE FROM tail");
    if (!cleared) return std::move(cleared).error();
  }
  if (group_.sealed_frames == group_.frames.size()) return {};
  const std::span<const BytesView> rest = std::span{group_.frames}.subspan(group_.sealed_frames);
  const std::uint64_t rest_first = group_first + group_.sealed_frames;
  build_block(rest_first, group_.chunk_link, rest, block_);
  auto stored = unit.exec("INSERT INTO tail (first, body) VALUES ($1, $2)", {rest_first, block_});
  if (!stored) return std::move(stored).error();
  return {};
}

Result<void> SqliteLog::write_chunks(Unit& unit, std::uint64_t sealed_end) {
  const LogSnapshot all = unit_snapshot();
  std::array<BytesView, chunk_events> frames;
  for (std::uint64_t first = tail_->first_position; first < sealed_end; first += chunk_events) {
    for (std::uint32_t i = 0; i < chunk_events; ++i) frames[i] = all.memory_frame(first + i);
    group_.chunk_link = build_block(first, group_.chunk_link, frames, block_);
    auto stored = unit.exec("INSERT INTO chunk (number, body) VALUES ($1, $2)", {chunk_of(first), block_});
    if (!stored) return std::move(stored).error();
  }
  return {};
}

std::size_t SqliteLog::pending_events_limit() const noexcept {
  // A larger index has more pages, so more entries must share the writing of one.
  const std::size_t grown = static_cast<std::size_t>(indexed_through_ / 128);
  return std::clamp(grown, options_.pending_events_min, options_.pending_events_max);
}

Result<void> SqliteLog::flush_slice(Unit& unit, std::size_t rows) {
  auto last = flush_->write(unit, rows);
  if (!last) return std::move(last).error();
  if (!*last) return {};
  auto moved = unit.exec("UPDATE store SET value = $1 WHERE key = 'indexed_through'", {flush_->last_position()});
  if (!moved) return std::move(moved).error();
  return {};
}

bool SqliteLog::has_idle_work() const { return flush_ != nullptr || (ids_missing_through_ > 0 && ids_readable_); }

Result<void> SqliteLog::idle_work(Unit& unit) {
  if (flush_) return flush_slice(unit, flush_rows_idle);
  auto loaded = load_older_ids(unit, ids_chunks_idle);
  ids_readable_ = loaded.has_value();  // said once; whoever needs the ids hears it again
  return loaded;
}

void SqliteLog::published() {
  // Before the events: who sees those must not take the stream for one that keeps everything.
  if (group_.retention_changed) retention_version_.fetch_add(1, std::memory_order_release);
  bool new_names = false;
  if (!group_.frames.empty()) {
    const bool new_types = types_->publish();
    const bool new_categories = categories_->publish();
    new_names = new_types || new_categories;
    std::uint64_t position = head_.load(std::memory_order_relaxed);
    pending_.add(group_.events, [&](const OpenGroup::Event& event) {
      return PendingIndex::Event{
          .position = ++position,
          .revision = event.revision,
          .stream = event.stream,
          .posting_keys = std::span{group_.keys}.subspan(event.keys_begin, event.keys_end - event.keys_begin)};
    });
    publish_tail();
    ids_.trim();
    heads_.trim();
  }
  if (!group_.frames.empty() || group_.retention_changed) {
    wait_list_->published(group_, new_names, head(), retention_version());
  }
  group_.clear();
  if (flush_) {
    flush_->committed();
    if (flush_->complete()) {
      indexed_through_ = flush_->last_position();
      flush_.reset();
      pending_.drop_frozen();
    }
  }
  begin_flush();
}

void SqliteLog::begin_flush() {
  if (flush_ || pending_.active_events() < pending_events_limit()) return;
  pending_.freeze();
  flush_ = std::make_unique<IndexFlush>(*pending_.frozen());
}

void SqliteLog::publish_tail() {
  const std::uint64_t old_head = head_.load(std::memory_order_relaxed);
  const std::uint64_t new_head = old_head + group_.frames.size();
  std::shared_ptr<LogTail> tail = tail_;
  std::shared_ptr<const RecentLog> recent = recent_;
  if (group_.sealed_frames > 0) {
    // What is left after the last chunk moves to memory of its own: a large group is not kept for a few frames.
    tail = std::make_shared<LogTail>(old_head + group_.sealed_frames + 1);
    const std::span<const BytesView> rest = std::span{group_.frames}.subspan(group_.sealed_frames);
    std::size_t size = 0;
    for (const BytesView frame : rest) size += frame.size();
    auto bytes = std::make_shared_for_overwrite<std::byte[]>(size);
    std::byte* at = bytes.get();
    for (std::size_t i = 0; i < rest.size(); ++i) {
      std::copy(rest[i].begin(), rest[i].end(), at);
      tail->frames[i] = {at, rest[i].size()};
      at += rest[i].size();
    }
    tail->buffers.push_back(std::move(bytes));
    last_chunk_link_ = group_.chunk_link;
    recent = sealed_beside(*tail);
  } else {
    for (std::size_t i = 0; i < group_.frames.size(); ++i) {
      tail->frames[old_head + 1 + i - tail->first_position] = group_.frames[i];
    }
    for (const auto& block : group_.arena.blocks()) tail->buffers.push_back(block.bytes);
  }
  const std::lock_guard lock{published_mutex_};
  tail_ = std::move(tail);
  recent_ = std::move(recent);
  head_.store(new_head, std::memory_order_release);
}

/// What stays in memory of the chunks before `tail`, the next tail.
std::shared_ptr<const RecentLog> SqliteLog::sealed_beside(const LogTail& tail) const {
  if (!wait_list_->has_members()) return std::make_shared<const RecentLog>();
  return std::make_shared<const RecentLog>(
      *recent_, unit_snapshot(), tail_->first_position, tail.first_position,
      RecentLog::Limits{.events_max = options_.recent_events_max, .bytes_max = options_.recent_bytes_max});
}

void SqliteLog::fenced() { wait_list_->fenced(); }

void SqliteLog::closed() { wait_list_->close(); }

}  // namespace cairn::log
