#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chunk_view.hpp"
#include "frame.hpp"
#include "frame_block.hpp"
#include "index_key.hpp"
#include "log_fetch.hpp"
#include "log_tables.hpp"
#include "metadata_codec.hpp"
#include "sqlite_log.hpp"
#include "step_buffer.hpp"

namespace cairn::log {

Result<void> SqliteLog::reload(SqlReader& reader) {
  group_.clear();
  heads_.clear();
  ids_.clear();
  flush_.reset();
  pending_.clear();
  if (auto loaded = load_names(reader); !loaded) return loaded;
  if (auto loaded = load_schemas(reader); !loaded) return loaded;
  auto retained = reader.first<int>("SELECT 1 FROM stream_retention LIMIT 1", {});
  if (!retained) return std::move(retained).error();
  if (*retained || retention_version() > 0) retention_version_.fetch_add(1, std::memory_order_release);
  if (auto loaded = load_tail(reader); !loaded) return loaded;
  if (auto loaded = load_recent(reader); !loaded) return loaded;
  wait_list_->recovered(head());
  return {};
}

Result<void> SqliteLog::load_names(SqlReader& reader) {
  auto types = read_event_types(reader);
  if (!types) return std::move(types).error();
  auto categories = read_categories(reader);
  if (!categories) return std::move(categories).error();
  types_ = *std::move(types);
  categories_ = *std::move(categories);
  auto last = reader.first<std::uint32_t>("SELECT coalesce(max(number), 0) FROM stream", {});
  if (!last) return std::move(last).error();
  next_stream_ = **last + 1;

  const std::lock_guard lock{published_mutex_};
  published_types_ = types_;
  published_categories_ = categories_;
  return {};
}

Result<void> SqliteLog::load_schemas(SqlReader& reader) {
  schemas_.clear();
  return reader.each("SELECT type, version FROM event_schema", {}, [this](const Row& row) {
    schemas_.insert(OpenGroup::schema_key(row.get<std::uint32_t>(0), row.get<std::uint32_t>(1)));
  });
}

Result<void> SqliteLog::load_tail(SqlReader& reader) {
  auto stored = read_tail(reader);
  if (!stored) return std::move(stored).error();
  last_chunk_link_ = stored->last_chunk_link;

  const std::lock_guard lock{published_mutex_};
  tail_ = std::move(stored->tail);
  recent_ = std::make_shared<const RecentLog>();
  head_.store(stored->head, std::memory_order_release);
  return {};
}

/// Index entries that were only in memory are read back from the log. So are the ids on the way; the older ones of
/// the window, which most stores never ask for, follow when the writer is idle or when they are needed.
Result<void> SqliteLog::load_recent(SqlReader& reader) {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  auto indexed = read_indexed_through(reader, head);
  if (!indexed) return std::move(indexed).error();
  indexed_through_ = *indexed;
  last_recorded_at_ = Timestamp{};
  ids_missing_through_ = 0;
  ids_readable_ = true;
  if (head == 0) return {};
  // At least the last event, which has the log's latest time.
  const std::uint64_t first = std::min(indexed_through_ + 1, head);
  for (std::uint64_t number = chunk_of(first); first_position_of(number) < tail_->first_position; ++number) {
    const auto load = [this](std::uint64_t position, BytesView frame) { return load_frame(frame, position); };
    if (auto loaded = for_each_frame(reader, number, load); !loaded) return loaded;
  }
  for (std::uint64_t position = tail_->first_position; position <= head; ++position) {
    if (auto loaded = load_frame(tail_->frames[position - tail_->first_position], position); !loaded) return loaded;
  }
  ids_.trim();
  if (!options_.index_all_ids) {
    ids_missing_through_ = std::min(first_position_of(chunk_of(first)), tail_->first_position) - 1;
  }
  begin_flush();
  return load_older_ids(reader, 0);
}

Result<void> SqliteLog::load_older_ids(SqlReader& reader, std::size_t chunks) {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  const std::uint64_t window_first = head > options_.id_window ? head - options_.id_window + 1 : 1;
  for (; chunks > 0 && ids_missing_through_ >= window_first; --chunks) {
    const std::uint64_t number = chunk_of(ids_missing_through_);
    std::array<std::optional<Uuid>, chunk_events> ids;  // an event that was removed has none
    const std::uint64_t first = first_position_of(number);
    auto loaded = for_each_frame(reader, number, [&](std::uint64_t position, BytesView bytes) -> Result<void> {
      const auto frame = decode_verified_frame(bytes);
      if (!frame) return Error{Errc::corrupt, fmt::format("frame of position {} is malformed", position)};
      ids[position - first] = frame->id;
      return {};
    });
    if (!loaded) return loaded;
    for (std::uint64_t position = ids_missing_through_; position >= std::max(first, window_first); --position) {
      if (const auto& id = ids[position - first]) ids_.add_older(*id, position);
    }
    ids_missing_through_ = first - 1;
  }
  if (ids_missing_through_ < window_first) ids_missing_through_ = 0;
  return {};
}

template <class OnFrame>
Result<void> SqliteLog::for_each_frame(SqlReader& reader, std::uint64_t number, OnFrame&& on_frame) {
  StepBuffer buffer;
  const LogSnapshot committed = snapshot();
  auto body = LogFetch{reader, committed, buffer}.chunk(number);
  if (!body) return std::move(body).error();
  const std::uint64_t first = first_position_of(number);
  const auto view = ChunkView::parse(*body, number);
  if (!view) return view.error();
  for (std::uint32_t i = 0; i < chunk_events; ++i) {
    if (!view->kept().holds(i)) continue;
    if (auto done = on_frame(first + i, view->frame(i)); !done) return done;
  }
  return {};
}

Result<void> SqliteLog::load_frame(BytesView bytes, std::uint64_t position) {
  const auto frame = decode_verified_frame(bytes);
  if (!frame) return Error{Errc::corrupt, fmt::format("frame of position {} is malformed", position)};
  last_recorded_at_ = frame->recorded_at;
  ids_.add(frame->id, position);
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
