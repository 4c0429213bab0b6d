#include "event_rows.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <cairn/eventstore/stream_id.hpp>

#include "frame_block.hpp"
#include "index_key.hpp"
#include "index_tables.hpp"
#include "log_fetch.hpp"
#include "log_tables.hpp"
#include "schema_sql.hpp"

namespace cairn::events_table {

namespace {

using log::chunk_events;

/// What the header of a store says (PRAGMA application_id and user_version): docs/format.md, "The file".
constexpr std::int64_t store_application_id = 0x43726e31;  // "Crn1"
constexpr std::int64_t file_format = 1;
constexpr std::int64_t log_format = 1;

/// A batch begins small, since a look at one event is as common as a report over all, and grows to a chunk.
constexpr std::size_t batch_first = 8;
constexpr std::size_t batch_growth = 4;
constexpr std::size_t buffer_kept_bytes = 1U << 20U;

Error newer(std::string_view what, std::int64_t found, std::int64_t known) {
  return Error{Errc::invalid, fmt::format("{} {} is newer than {}, the newest this extension reads; load that of the "
                                          "release that wrote the store",
                                          what, found, known)};
}

/// Unqualified names in the library's statements must mean the store's tables.
Result<void> check_not_hidden(SqlReader& reader) {
  auto hidden = reader.first<std::string>(
      "SELECT name FROM temp.sqlite_master WHERE name COLLATE NOCASE IN ('store', 'stream', 'category', 'event_type', "
      "'tail', 'chunk', 'payload', 'stream_index', 'stream_retention', 'posting', 'schema_migration')",
      {});
  if (!hidden) return std::move(hidden).error();
  if (!*hidden) return {};
  return Error{Errc::invalid, fmt::format("temp.{} hides the store's table of that name; drop or rename it", **hidden)};
}

Result<void> check_store(SqlReader& reader) {
  auto application = reader.first<std::int64_t>("PRAGMA main.application_id", {});
  if (!application) return std::move(application).error();
  if (application->value_or(0) != store_application_id) {
    return Error{Errc::invalid, "the main database is not a Cairn store; open the store itself, not beside another"};
  }
  auto format = reader.first<std::int64_t>("PRAGMA main.user_version", {});
  if (!format) return std::move(format).error();
  if (format->value_or(0) > file_format) return newer("the file's format", **format, file_format);
  if (auto visible = check_not_hidden(reader); !visible) return visible;
  auto migration =
      reader.first<std::int64_t>("SELECT max(number) FROM schema_migration WHERE component = 'eventstore'", {});
  if (!migration) return std::move(migration).error();
  const auto migrations_known = static_cast<std::int64_t>(log::schema::migrations.size());
  if (migration->value_or(0) > migrations_known) return newer("the log's schema", **migration, migrations_known);
  if (migration->value_or(0) < migrations_known) {
    return Error{Errc::invalid,
                 fmt::format("the log's schema {} is older than {}; open the store once with a program of "
                             "this extension's release, or load that of the store's",
                             migration->value_or(0), migrations_known)};
  }
  auto log = reader.first<std::int64_t>("SELECT value FROM store WHERE key = 'format'", {});
  if (!log) return std::move(log).error();
  if (log->value_or(0) > log_format) return newer("the log's format", **log, log_format);
  return {};
}

std::string_view word_for(EventQuery::By by) {
  switch (by) {
    case EventQuery::By::position: return "position";
    case EventQuery::By::stream: return "stream";
    case EventQuery::By::type: return "type";
    case EventQuery::By::category: return "category";
  }
  return "unlisted";
}

/// An error of the index tables, which do not know for whom they were asked.
Error in_index(const EventQuery& query, const Error& cause) {
  return Error{cause.code(), fmt::format("the index of {} {}: {}", word_for(query.by), query.name, cause.message())};
}

}  // namespace

Result<void> EventRows::load() {
  if (loaded_) return {};
  if (auto checked = check_store(reader_); !checked) return checked;
  auto tail = log::read_tail(reader_);
  if (!tail) return std::move(tail).error();
  auto types = log::read_event_types(reader_);
  if (!types) return std::move(types).error();
  auto categories = log::read_categories(reader_);
  if (!categories) return std::move(categories).error();
  auto indexed = log::read_indexed_through(reader_, tail->head);
  if (!indexed) return std::move(indexed).error();
  snapshot_.head = tail->head;
  snapshot_.tail = std::move(tail->tail);
  types_ = *std::move(types);
  categories_ = *std::move(categories);
  indexed_through_ = *indexed;
  loaded_ = true;
  return {};
}

Result<void> EventRows::start(EventQuery query) {
  query_ = std::move(query);
  positions_.clear();
  frames_.clear();
  row_ = 0;
  part_ = Part::none;
  if (auto loaded = load(); !loaded) return loaded;
  if (query_.position_min > query_.position_max || query_.revision_min > query_.revision_max) return {};
  const std::uint64_t last = std::min(query_.position_max, snapshot_.head);
  scan_min_ = query_.position_min;
  scan_max_ = last;
  part_ = Part::scan;
  if (query_.by != EventQuery::By::position) {
    if (auto found = find_number(); !found) return found;
    if (number_ == 0) {
      part_ = Part::none;
      return {};
    }
    index_min_ = query_.position_min;
    index_max_ = std::min(last, indexed_through_);
    scan_min_ = std::max(scan_min_, indexed_through_ + 1);
    revision_min_ = query_.revision_min;
    revision_max_ = query_.revision_max;
    last_revision_known_ = false;
    if (forward()) part_ = Part::index;
  }
  batch_ = batch_first;
  return fill();
}

Result<void> EventRows::find_number() {
  number_ = 0;
  posting_key_.reset();
  switch (query_.by) {
    case EventQuery::By::position: break;
    case EventQuery::By::type:
      number_ = types_->number_of(query_.name);
      posting_key_ = log::type_key(number_);
      break;
    case EventQuery::By::category:
      number_ = categories_->number_of(query_.name);
      posting_key_ = log::category_key(number_);
      break;
    case EventQuery::By::stream: {
      auto row = reader_.first<std::uint32_t, std::uint64_t>(
          "SELECT number, coalesce(removed_before, 0) FROM stream LEFT JOIN stream_retention ON "
          "stream_retention.stream = number WHERE name = $1",
          {query_.name});
      if (!row) return std::move(row).error();
      if (!*row) break;
      number_ = std::get<0>(**row);
      // What a scavenge left of a stream's first events is no longer in the stream's index.
      if (std::get<1>(**row) > 0) {
        posting_key_ = log::category_key(categories_->number_of(StreamId::category_of(query_.name)));
      }
      break;
    }
  }
  return {};
}

Result<void> EventRows::next() {
  ++row_;
  return at_end() ? fill() : Result<void>{};
}

Result<void> EventRows::fill() {
  positions_.clear();
  frames_.clear();
  row_ = 0;
  while (frames_.empty() && part_ != Part::none) {
    candidates_.clear();
    revisions_.clear();
    fetched_.clear();
    buffer_.reset(buffer_kept_bytes);
    auto taken = part_ == Part::scan ? take_scan() : posting_key_ ? take_postings() : take_stream();
    if (!taken) return taken;
    batch_ = std::min<std::size_t>(batch_ * batch_growth, chunk_events);
    log::LogFetch fetch{reader_, snapshot_, buffer_};
    if (auto fetched = fetch.frames(candidates_, fetched_); !fetched) return fetched;
    for (std::size_t i = 0; i < fetched_.size(); ++i) {
      const auto wanted = belongs(i, fetched_[i]);
      if (!wanted) return wanted.error();
      if (!*wanted) continue;
      positions_.push_back(candidates_[i]);
      frames_.push_back(*fetched_[i]);
    }
  }
  return {};
}

void EventRows::end_part() noexcept {
  const bool first_of_two = query_.by != EventQuery::By::position && (part_ == Part::index) == forward();
  part_ = !first_of_two ? Part::none : part_ == Part::index ? Part::scan : Part::index;
}

Result<void> EventRows::take_scan() {
  if (scan_min_ > scan_max_) {
    end_part();
    return {};
  }
  // Up to the end of a chunk, so that each chunk is taken up once.
  if (forward()) {
    const std::uint64_t chunk_end = log::first_position_of(log::chunk_of(scan_min_) + 1) - 1;
    const std::uint64_t end = std::min({scan_max_, chunk_end, scan_min_ + batch_ - 1});
    while (scan_min_ <= end) candidates_.push_back(scan_min_++);
  } else {
    const std::uint64_t chunk_begin = log::first_position_of(log::chunk_of(scan_max_));
    const std::uint64_t batch_begin = scan_max_ >= batch_ ? scan_max_ - batch_ + 1 : 1;
    const std::uint64_t begin = std::max({scan_min_, chunk_begin, batch_begin});
    while (scan_max_ >= begin) candidates_.push_back(scan_max_--);
  }
  return {};
}

Result<void> EventRows::take_postings() {
  if (index_min_ > index_max_) {
    end_part();
    return {};
  }
  auto read = log::read_posting_positions(reader_, *posting_key_, index_min_, index_max_, batch_, query_.direction,
                                          candidates_);
  if (!read) return in_index(query_, read.error());
  if (candidates_.size() < batch_) {
    end_part();
  } else if (forward()) {
    index_min_ = candidates_.back() + 1;
  } else {
    index_max_ = candidates_.back() - 1;
  }
  return {};
}

Result<void> EventRows::take_stream() {
  if (forward()) {
    if (revision_min_ > revision_max_) {
      end_part();
      return {};
    }
    const std::uint64_t from = revision_min_;
    return take_stream_window(from, from + std::min<std::uint64_t>(batch_ - 1, revision_max_ - from));
  }
  if (!last_revision_known_) {
    auto last = log::last_indexed_revision(reader_, number_);
    if (!last) return in_index(query_, last.error());
    if (!*last || **last < revision_min_) {
      end_part();
      return {};
    }
    revision_max_ = std::min(revision_max_, **last);
    last_revision_known_ = true;
  }
  const std::uint64_t to = revision_max_;
  return take_stream_window(to - std::min<std::uint64_t>(batch_ - 1, to - revision_min_), to);
}

Result<void> EventRows::take_stream_window(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> window;
  const std::uint64_t size = to - from + 1;
  if (auto read = log::read_stream_positions(reader_, number_, from, to, size, window); !read) {
    return in_index(query_, read.error());
  }
  if (!forward() && window.size() != size) {
    return Error{Errc::corrupt, fmt::format("stream {}: the index lacks revisions below {}", query_.name, to)};
  }
  bool beyond = false;
  for (std::size_t i = 0; i < window.size(); ++i) {
    const std::size_t at = forward() ? i : window.size() - 1 - i;
    if (window[at] < index_min_ || window[at] > index_max_) {
      beyond = beyond || (forward() ? window[at] > index_max_ : window[at] < index_min_);
      continue;
    }
    candidates_.push_back(window[at]);
    revisions_.push_back(from + at);
  }
  const bool last_window = forward() ? window.size() < size || to == revision_max_ : from == revision_min_;
  if (beyond || last_window) {
    end_part();
  } else if (forward()) {
    revision_min_ = to + 1;
  } else {
    revision_max_ = from - 1;
  }
  return {};
}

/// The frame decides whether a candidate is a row. An entry of a stream's index says all about it, so one that the
/// frame does not confirm is damage.
Result<bool> EventRows::belongs(std::size_t candidate, const std::optional<log::FrameView>& found) const {
  if (!found) {
    if (revisions_.empty()) return false;
    return Error{Errc::corrupt, fmt::format("stream {}: revision {} was removed from position {}, but should be kept",
                                            query_.name, revisions_[candidate], candidates_[candidate])};
  }
  const log::FrameView& frame = *found;
  switch (query_.by) {
    case EventQuery::By::position: return true;
    case EventQuery::By::type: return frame.type == number_;
    case EventQuery::By::category: return StreamId::category_of(frame.stream_name) == query_.name;
    case EventQuery::By::stream: break;
  }
  const bool of_stream = frame.stream_name == query_.name;
  if (revisions_.empty()) {
    return of_stream && frame.revision >= query_.revision_min && frame.revision <= query_.revision_max;
  }
  if (of_stream && frame.revision == revisions_[candidate]) return true;
  return Error{
      Errc::corrupt,
      fmt::format("stream {}: the index has position {} for revision {}, which holds {} revision {}", query_.name,
                  candidates_[candidate], revisions_[candidate], frame.stream_name, frame.revision)};
}

Result<std::string_view> EventRows::type() const {
  const std::string_view name = types_->name_of(frame().type);
  if (!name.empty()) return name;
  return Error{Errc::corrupt, fmt::format("position {}: event type {} is not in the table", position(), frame().type)};
}

Result<BytesView> EventRows::data() {
  if (!frame().external) return frame().data;
  payload_.reset(buffer_kept_bytes);
  log::FrameView whole = frame();
  if (auto loaded = log::LogFetch{reader_, snapshot_, payload_}.load_external(position(), whole); !loaded) {
    return std::move(loaded).error();
  }
  return whole.data;
}

}  // namespace cairn::events_table
