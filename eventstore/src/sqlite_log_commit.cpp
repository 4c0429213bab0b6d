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
    group_.journal.pop_back();
  }
  group_.events.resize(mark.events);
  group_.frames.resize(mark.events);
  group_.keys.resize(mark.keys);
  group_.arena.rewind(mark.arena);
  ids_.forget_after(head_.load(std::memory_order_relaxed) + mark.events);
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
  group_.chunk_crc = last_chunk_crc_;
  group_.sealed_frames = sealed_end > group_first ? sealed_end - group_first : 0;

  if (sealed_end > first_unsealed) {
    if (auto written = write_chunks(unit, sealed_end); !written) return written;
    auto cleared = unit.exec("DELETE FROM tail");
    if (!cleared) return std::move(cleared).error();
  }
  if (group_.sealed_frames == group_.frames.size()) return {};
  const std::span<const BytesView> rest = std::span{group_.frames}.subspan(group_.sealed_frames);
  const std::uint64_t rest_first = group_first + group_.sealed_frames;
  build_block(rest_first, group_.chunk_crc, rest, block_);
  auto stored = unit.exec("INSERT INTO tail (first, body) VALUES ($1, $2)", {rest_first, block_});
  if (!stored) return std::move(stored).error();
  return {};
}

Result<void> SqliteLog::write_chunks(Unit& unit, std::uint64_t sealed_end) {
  const LogSnapshot all = unit_snapshot();
  std::array<BytesView, chunk_events> frames;
  for (std::uint64_t first = tail_->first_position; first < sealed_end; first += chunk_events) {
    for (std::uint32_t i = 0; i < chunk_events; ++i) frames[i] = all.memory_frame(first + i);
    group_.chunk_crc = build_block(first, group_.chunk_crc, frames, block_);
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

bool SqliteLog::has_idle_work() const { return flush_ != nullptr; }

Result<void> SqliteLog::idle_work(Unit& unit) {
  if (!flush_) return {};
  return flush_slice(unit, flush_rows_idle);
}

void SqliteLog::published() {
  if (!group_.frames.empty()) {
    const bool new_types = types_->publish();
    const bool new_categories = categories_->publish();
    std::uint64_t position = head_.load(std::memory_order_relaxed);
    pending_.add(group_.events, [&](const OpenGroup::Event& event) {
      return PendingIndex::Event{
          .position = ++position,
          .revision = event.revision,
          .stream = event.stream,
          .posting_keys = std::span{group_.keys}.subspan(event.keys_begin, event.keys_end - event.keys_begin)};
    });
    publish_tail();
    wait_list_->published(group_, new_types || new_categories, head_.load(std::memory_order_relaxed));
    ids_.trim();
    heads_.trim();
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
    last_chunk_crc_ = group_.chunk_crc;
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

Result<void> SqliteLog::reload(SqlReader& reader) {
  group_.clear();
  heads_.clear();
  ids_.clear();
  flush_.reset();
  pending_.clear();
  if (auto loaded = load_names(reader); !loaded) return loaded;
  if (auto loaded = load_tail(reader); !loaded) return loaded;
  if (auto loaded = load_recent(reader); !loaded) return loaded;
  wait_list_->recovered(head());
  return {};
}

Result<void> SqliteLog::load_names(SqlReader& reader) {
  types_ = std::make_shared<NameTable>();
  categories_ = std::make_shared<NameTable>();
  Result<void> dense;
  const auto load = [&](const char* what, NameTable& table) {
    return [&dense, &table, what](const Row& row) {
      const std::uint32_t number = table.add(row.text(1));
      if (number == row.get<std::uint32_t>(0)) return true;
      dense = Error{Errc::corrupt, fmt::format("{} {} is missing", what, number)};
      return false;
    };
  };
  auto types = reader.each("SELECT number, name FROM event_type ORDER BY number", {}, load("event type", *types_));
  if (!types) return types;
  if (!dense) return dense;
  auto categories =
      reader.each("SELECT number, name FROM category ORDER BY number", {}, load("category", *categories_));
  if (!categories) return categories;
  if (!dense) return dense;
  types_->publish();
  categories_->publish();
  auto last = reader.first<std::uint32_t>("SELECT coalesce(max(number), 0) FROM stream", {});
  if (!last) return std::move(last).error();
  next_stream_ = **last + 1;

  const std::lock_guard lock{published_mutex_};
  published_types_ = types_;
  published_categories_ = categories_;
  return {};
}

Result<void> SqliteLog::load_tail(SqlReader& reader) {
  auto last_chunk = reader.first<std::int64_t>("SELECT coalesce(max(number), -1) FROM chunk", {});
  if (!last_chunk) return std::move(last_chunk).error();
  last_chunk_crc_ = 0;
  if (**last_chunk >= 0) {
    std::array<std::byte, block_header_bytes> header;
    if (auto read = reader.read_blob("chunk", "body", **last_chunk, 0, header); !read) return read;
    last_chunk_crc_ = block_checksum(header);
  }
  const std::uint64_t first = first_position_of(static_cast<std::uint64_t>(**last_chunk + 1));
  auto tail = std::make_shared<LogTail>(first);
  std::uint64_t next = first;
  Result<void> outcome;
  auto done = reader.each("SELECT first, body FROM tail ORDER BY first", {}, [&](const Row& row) {
    const auto row_first = row.get<std::uint64_t>(0);
    const BytesView stored = row.blob(1);
    auto bytes = std::make_shared_for_overwrite<std::byte[]>(stored.size());
    std::copy(stored.begin(), stored.end(), bytes.get());
    auto block = BlockView::parse({bytes.get(), stored.size()}, row_first, "tail row");
    if (!block) {
      outcome = block.error();
      return false;
    }
    if (row_first != next || block->previous_crc() != last_chunk_crc_ || next + block->count() - first > chunk_events) {
      outcome = Error{Errc::corrupt, fmt::format("tail row {} does not follow position {}", row_first, next - 1)};
      return false;
    }
    for (std::uint32_t i = 0; i < block->count(); ++i) tail->frames[next++ - first] = block->frame(i);
    tail->buffers.push_back(std::move(bytes));
    return true;
  });
  if (!done) return done;
  if (!outcome) return outcome;

  const std::lock_guard lock{published_mutex_};
  tail_ = std::move(tail);
  recent_ = std::make_shared<const RecentLog>();
  head_.store(next - 1, std::memory_order_release);
  return {};
}

/// Index entries that were only in memory, and the window of ids, are read back from the log.
Result<void> SqliteLog::load_recent(SqlReader& reader) {
  auto indexed = reader.first<std::uint64_t>("SELECT value FROM store WHERE key = 'indexed_through'", {});
  if (!indexed) return std::move(indexed).error();
  if (!*indexed) return Error{Errc::corrupt, "table store has no row indexed_through"};
  indexed_through_ = **indexed;
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  if (indexed_through_ > head) {
    return Error{Errc::corrupt, fmt::format("indexed through {}, but the log ends at {}", indexed_through_, head)};
  }
  last_recorded_at_ = Timestamp{};
  const std::uint64_t window_first = head > options_.id_window ? head - options_.id_window + 1 : 1;
  const std::uint64_t first = std::min(indexed_through_ + 1, window_first);
  for (std::uint64_t number = chunk_of(first); first_position_of(number) < tail_->first_position; ++number) {
    if (auto loaded = load_chunk(reader, number, window_first); !loaded) return loaded;
  }
  for (std::uint64_t position = std::max(first, tail_->first_position); position <= head; ++position) {
    const BytesView frame = tail_->frames[position - tail_->first_position];
    if (auto loaded = load_frame(frame, position, window_first); !loaded) return loaded;
  }
  begin_flush();
  return {};
}

Result<void> SqliteLog::load_chunk(SqlReader& reader, std::uint64_t number, std::uint64_t window_first) {
  StepBuffer buffer;
  const LogSnapshot committed = snapshot();
  auto body = LogFetch{reader, committed, buffer}.chunk(number);
  if (!body) return std::move(body).error();
  const std::uint64_t first = first_position_of(number);
  auto block = BlockView::parse(*body, first, "chunk");
  if (!block) return std::move(block).error();
  for (std::uint32_t i = 0; i < block->count(); ++i) {
    if (auto loaded = load_frame(block->frame(i), first + i, window_first); !loaded) return loaded;
  }
  return {};
}

Result<void> SqliteLog::load_frame(BytesView bytes, std::uint64_t position, std::uint64_t window_first) {
  const auto frame = decode_verified_frame(bytes);
  if (!frame) return Error{Errc::corrupt, fmt::format("frame of position {} is malformed", position)};
  last_recorded_at_ = frame->recorded_at;
  if (position >= window_first) ids_.add(frame->id, position);
  if (position <= indexed_through_) return {};

  const std::uint32_t category = categories_->number_of(StreamId::category_of(frame->stream_name));
  if (category == 0) {
    return Error{Errc::corrupt,
                 fmt::format("position {}: the category of {} is not in the table", position, frame->stream_name)};
  }
  std::vector<std::uint64_t> keys{category_key(category), type_key(frame->type)};
  for_each_tag(frame->metadata, [&](std::string_view tag) {
    keys.push_back(tag_key(tag));
    return true;
  });
  pending_.add(std::array{0}, [&](int) {
    return PendingIndex::Event{
        .position = position, .revision = frame->revision, .stream = frame->stream, .posting_keys = keys};
  });
  return {};
}

}  // namespace cairn::log
