#include "store_verify.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <set>

#include <fmt/format.h>

#include <cairn/eventstore/stream_id.hpp>

#include "chunk_view.hpp"
#include "frame.hpp"
#include "index_key.hpp"
#include "index_tables.hpp"
#include "log_fetch.hpp"
#include "metadata_codec.hpp"
#include "posting_codec.hpp"
#include "sqlite_log.hpp"
#include "upkeep.hpp"
#include "verify_reads.hpp"
#include "verify_tables.hpp"

namespace cairn::log {

namespace {

constexpr std::size_t rows_step = VerifyReads::rows_step;
constexpr std::uint64_t progress_events = 65'536;

/// Reads the log once, front to back, and counts what the indexes must hold; then reads each index once, in key
/// order, and follows every entry to its frame. Entries are distinct by their key, so that equal counts and
/// agreeing frames mean that log and index cover each other exactly. Memory does not grow with the log.
class Verifier {
 public:
  Verifier(const SqliteLog& log, const VerifyOptions& options)
      : log_{log}, reads_{log, options}, snapshot_{reads_.snapshot()} {}

  Result<VerifyReport> run() {
    for (auto check : {&Verifier::check_start, &Verifier::check_log, &Verifier::check_stream_index,
                       &Verifier::check_postings, &Verifier::check_tables}) {
      auto done = (this->*check)();
      if (!done && done.error().code() != Errc::corrupt) return std::move(done).error();
      if (!done) {
        report_.first_bad = done.error().message();
        break;
      }
    }
    return report_;
  }

 private:
  Result<void> check_start() {
    type_names_ = log_.types();
    type_names_->published_names(types_);
    category_names_ = log_.categories();
    category_names_->published_names(categories_);
    return reads_.read([&](SqlReader& reader, LogFetch&) -> Result<void> {
      auto indexed = reader.first<std::uint64_t>("SELECT value FROM store WHERE key = 'indexed_through'", {});
      if (!indexed) return std::move(indexed).error();
      // A flush may have ended since the snapshot was taken: what it indexed beyond is not looked for.
      indexed_through_ = std::min(indexed->value_or(0), snapshot_.head);
      auto ids = reader.first<std::int64_t>("SELECT value FROM store WHERE key = 'all_ids_indexed'", {});
      if (!ids) return std::move(ids).error();
      const std::int64_t reach = ids->value_or(0);
      totals_.ids_through = reach < 0 ? snapshot_.head : std::min(static_cast<std::uint64_t>(reach), snapshot_.head);
      return reader.each("SELECT type, version FROM event_schema", {}, [this](const Row& row) {
        schemas_.insert({row.get<std::uint32_t>(0), row.get<std::uint32_t>(1)});
      });
    });
  }

  Result<void> check_log() {
    std::uint32_t link = 0;
    const std::uint64_t sealed_end = snapshot_.memory_first();
    for (std::uint64_t number = 0; first_position_of(number) < sealed_end; ++number) {
      auto done = reads_.read([&](SqlReader& reader, LogFetch& fetch) -> Result<void> {
        auto body = fetch.chunk(number);
        if (!body) return std::move(body).error();
        const std::uint64_t first = first_position_of(number);
        const auto view = ChunkView::parse(*body, number);
        if (!view) return view.error();
        if (view->previous_crc() != link) {
          return Error{Errc::corrupt, fmt::format("chunk {} does not follow chunk {}: link {:08x}, expected {:08x}",
                                                  number, number - 1, view->previous_crc(), link)};
        }
        link = view->link();
        for (std::uint32_t i = 0; i < chunk_events; ++i) {
          if (!view->kept().holds(i)) {
            ++report_.removed;
            continue;
          }
          if (auto good = check_frame(reader, fetch, view->frame(i), first + i); !good) return good;
        }
        return {};
      });
      if (!done) return done;
      ++report_.chunks;
    }
    return reads_.read([&](SqlReader& reader, LogFetch& fetch) -> Result<void> {
      for (std::uint64_t position = sealed_end; position <= snapshot_.head; ++position) {
        if (auto good = check_frame(reader, fetch, snapshot_.memory_frame(position), position); !good) return good;
      }
      return {};
    });
  }

  Result<void> check_frame(SqlReader& reader, LogFetch& fetch, BytesView bytes, std::uint64_t position) {
    auto frame = decode_frame(bytes, position);
    if (!frame) return std::move(frame).error();
    if (frame->external) {
      if (auto loaded = fetch.load_external(position, *frame); !loaded) return loaded;
      ++totals_.payloads;
    }
    totals_.last_stream = std::max(totals_.last_stream, frame->stream);
    if (position <= totals_.ids_through) {
      if (auto good = check_id(reader, fetch, frame->id, position); !good) return good;
    }
    if (auto metadata = decode_metadata(frame->metadata); !metadata) {
      return Error{Errc::corrupt, fmt::format("position {}: {}", position, metadata.error().message())};
    }
    if (frame->recorded_at < last_recorded_at_) {
      return Error{Errc::corrupt, fmt::format("position {}: recorded_at goes back", position)};
    }
    last_recorded_at_ = frame->recorded_at;
    if (frame->type == 0 || (frame->type > types_.size() && position <= snapshot_.head)) {
      return Error{Errc::corrupt, fmt::format("position {}: event type {} is not in the table", position, frame->type)};
    }
    if (!schemas_.contains({frame->type, frame->schema_version})) {
      return Error{Errc::corrupt, fmt::format("position {}: type {} version {} is not in table event_schema", position,
                                              frame->type, frame->schema_version)};
    }
    if (position <= indexed_through_) {
      std::set<std::uint64_t> tags;
      for_each_tag(frame->metadata, [&](std::string_view tag) {
        tags.insert(tag_key(tag));
        return true;
      });
      expected_postings_ += 2 + tags.size();
      auto removed = removed_before(reader, frame->stream);
      if (!removed) return std::move(removed).error();
      if (frame->revision >= *removed) ++expected_stream_entries_;
    }
    if (++report_.events % progress_events == 0) {
      return reads_.tell({.phase = VerifyPhase::log, .checked = position, .total = snapshot_.head});
    }
    return {};
  }

  /// One id may stand at two positions of a log that was once open without this index, which then has the first; and
  /// neither when that one was removed.
  Result<void> check_id(SqlReader& reader, LogFetch& fetch, const Uuid& id, std::uint64_t position) {
    auto row = reader.first<std::uint64_t>("SELECT position FROM event_id WHERE id = $1", {BytesView{id.bytes()}});
    if (!row) return std::move(row).error();
    if (*row == position) {
      ++totals_.ids;
      return {};
    }
    if (!*row && report_.removed > 0) return {};
    if (*row && **row != 0 && **row < position) {
      auto other = fetch.frame(**row);
      if (!other) return std::move(other).error();
      if (*other && (*other)->id == id) return {};
    }
    return Error{Errc::corrupt, fmt::format("index of ids: {} is not that of position {}", id.to_string(), position)};
  }

  Result<void> check_tables() { return verify_tables(reads_, totals_, categories_); }

  struct Entry {
    std::uint64_t position;
    std::uint64_t key;       ///< stream number or posting key
    std::uint64_t revision;  ///< of a stream entry
  };

  Result<void> check_stream_index() {
    std::uint64_t stream = 0;
    std::uint64_t next_revision = 0;
    std::uint64_t counted = 0;
    std::vector<Entry> entries;
    std::vector<std::uint64_t> positions;
    for (bool more = true; more;) {
      entries.clear();
      auto done = reads_.read([&](SqlReader& reader, LogFetch& fetch) -> Result<void> {
        std::size_t rows = 0;
        Result<void> outcome;
        auto walked = reader.each(
            "SELECT stream, revision, positions FROM stream_index WHERE (stream, revision) >= ($1, $2) "
            "ORDER BY stream, revision LIMIT $3",
            {stream, next_revision, rows_step}, [&](const Row& row) {
              ++rows;
              outcome = take_stream_row(row, stream, next_revision, positions, entries);
              return outcome.has_value();
            });
        if (!walked) return walked;
        if (!outcome) return outcome;
        if (auto begun = check_beginnings(reader, entries); !begun) return begun;
        more = rows == rows_step;
        return check_entries(reader, fetch, entries, true, counted);
      });
      if (!done) return done;
      done = reads_.tell({.phase = VerifyPhase::stream_index, .checked = counted, .total = expected_stream_entries_});
      if (!done) return done;
    }
    report_.index_entries += counted;
    if (counted == expected_stream_entries_) return {};
    return Error{Errc::corrupt,
                 fmt::format("stream index: {} entries for {} events", counted, expected_stream_entries_)};
  }

  /// A stream begins with revision 0, or before what scavenge has removed of it ends.
  Result<void> check_beginnings(SqlReader& reader, const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
      if (entry.key == last_stream_begun_) continue;
      last_stream_begun_ = entry.key;
      if (entry.revision == 0) continue;
      auto removed = removed_before(reader, entry.key);
      if (!removed) return std::move(removed).error();
      if (entry.revision <= *removed) continue;
      return Error{Errc::corrupt, fmt::format("stream index, stream {}: revisions 0 to {} are missing", entry.key,
                                              entry.revision - 1)};
    }
    return {};
  }

  /// Below this revision a stream's events may have been removed.
  Result<std::uint64_t> removed_before(SqlReader& reader, std::uint64_t stream) {
    if (log_.retention_version() == 0) return std::uint64_t{0};
    if (stream == removed_stream_) return removed_before_;
    auto row = reader.first<std::uint64_t>("SELECT removed_before FROM stream_retention WHERE stream = $1", {stream});
    if (!row) return std::move(row).error();
    removed_stream_ = stream;
    removed_before_ = row->value_or(0);
    return removed_before_;
  }

  /// Rows come in order of (stream, revision); within a stream revisions have no gap.
  Result<void> take_stream_row(const Row& row, std::uint64_t& stream, std::uint64_t& next_revision,
                               std::vector<std::uint64_t>& positions, std::vector<Entry>& entries) {
    const auto row_stream = row.get<std::uint64_t>(0);
    const auto revision = row.get<std::uint64_t>(1);
    if (row_stream != stream) {
      stream = row_stream;
      next_revision = revision;
      ++report_.streams;
    }
    if (revision != next_revision) {
      return Error{Errc::corrupt, fmt::format("stream index, stream {}: revision {} follows {} entries", stream,
                                              revision, next_revision)};
    }
    positions.clear();
    if (auto decoded = decode_positions(0, row.blob(2), index_row_positions_max, positions); !decoded) {
      return Error{Errc::corrupt, fmt::format("stream index, stream {}, revision {}: {}", stream, revision,
                                              decoded.error().message())};
    }
    for (const std::uint64_t position : positions) entries.push_back({position, stream, next_revision++});
    return {};
  }

  Result<void> check_postings() {
    auto key = std::numeric_limits<std::int64_t>::min();
    std::uint64_t position = 0;
    std::uint64_t counted = 0;
    std::uint64_t last_of_key = 0;
    std::vector<Entry> entries;
    std::vector<std::uint64_t> positions;
    for (bool more = true; more;) {
      entries.clear();
      auto done = reads_.read([&](SqlReader& reader, LogFetch& fetch) -> Result<void> {
        std::size_t rows = 0;
        Result<void> outcome;
        auto walked = reader.each(
            "SELECT key, position, more FROM posting WHERE (key, position) > ($1, $2) ORDER BY key, position LIMIT $3",
            {key, position, rows_step}, [&](const Row& row) {
              ++rows;
              if (row.integer(0) != key) last_of_key = 0;
              key = row.integer(0);
              position = row.get<std::uint64_t>(1);
              positions.assign(1, position);
              outcome = decode_positions(position, row.blob(2), index_row_positions_max, positions);
              if (outcome && position <= last_of_key) {
                outcome = Error{Errc::corrupt,
                                fmt::format("index key {}: position {} follows {}", key, position, last_of_key)};
              }
              if (!outcome) return false;
              last_of_key = positions.back();
              for (const std::uint64_t each : positions) entries.push_back({each, static_cast<std::uint64_t>(key), 0});
              return true;
            });
        if (!walked) return walked;
        if (!outcome) return outcome;
        more = rows == rows_step;
        return check_entries(reader, fetch, entries, false, counted);
      });
      if (!done) return done;
      done = reads_.tell({.phase = VerifyPhase::postings, .checked = counted, .total = expected_postings_});
      if (!done) return done;
    }
    report_.index_entries += counted;
    if (counted == expected_postings_) return {};
    return Error{Errc::corrupt, fmt::format("index of categories, types and tags: {} entries, expected {}", counted,
                                            expected_postings_)};
  }

  /// Follows entries to their frames. Those above what the log held at the start are left alone.
  Result<void> check_entries(SqlReader& reader, LogFetch& fetch, const std::vector<Entry>& entries, bool streams,
                             std::uint64_t& counted) {
    std::vector<FrameView> frames;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const Entry& entry = entries[i];
      if (entry.position > snapshot_.head) continue;
      if (entry.position == 0) return Error{Errc::corrupt, fmt::format("index key {}: position 0", entry.key)};
      // Neighbouring entries of a dense key share chunks, which fetch then reads once.
      if (frames_first_ > i || i >= frames_first_ + frames_.size()) {
        if (auto fetched = fetch_run(fetch, entries, i); !fetched) return fetched;
      }
      if (streams) {
        auto removed = removed_before(reader, entry.key);
        if (!removed) return std::move(removed).error();
        if (entry.revision < *removed) continue;
      }
      if (!frames_[i - frames_first_]) {
        if (!streams) continue;
        return Error{Errc::corrupt, fmt::format("stream index, stream {}: revision {} was removed, but should be kept",
                                                entry.key, entry.revision)};
      }
      const FrameView& frame = *frames_[i - frames_first_];
      const bool agrees =
          streams ? frame.stream == entry.key && frame.revision == entry.revision : has_key(frame, entry.key);
      if (!agrees) {
        return Error{Errc::corrupt, fmt::format("{} {}: position {} holds {} revision {}",
                                                streams ? "stream index, stream" : "index key", entry.key,
                                                entry.position, frame.stream_name, frame.revision)};
      }
      if (streams && entry.key != last_stream_checked_) {
        if (auto good = check_stream_row(reader, frame); !good) return good;
        last_stream_checked_ = entry.key;
      }
      if (entry.position <= indexed_through_) ++counted;
    }
    frames_.clear();
    frames_first_ = 0;
    return {};
  }

  Result<void> fetch_run(LogFetch& fetch, const std::vector<Entry>& entries, std::size_t first) {
    constexpr std::size_t run_max = 1'024;
    std::vector<std::uint64_t> positions;
    for (std::size_t i = first; i < entries.size() && positions.size() < run_max; ++i) {
      const std::uint64_t position = entries[i].position;
      if (position > snapshot_.head || position == 0) break;
      positions.push_back(position);
    }
    frames_.clear();
    frames_first_ = first;
    reads_.buffer().reset(VerifyReads::buffer_bytes);
    return fetch.frames(positions, frames_);
  }

  [[nodiscard]] bool has_key(const FrameView& frame, std::uint64_t key) const {
    switch (key & 3U) {
      case 1: {
        const std::uint64_t number = key / 4;
        return number >= 1 && number <= categories_.size() &&
               categories_[number - 1] == StreamId::category_of(frame.stream_name);
      }
      case 2: return type_key(frame.type) == key;
      case 3: {
        bool found = false;
        for_each_tag(frame.metadata, [&](std::string_view tag) {
          found = tag_key(tag) == key;
          return !found;
        });
        return found;
      }
      default: return false;
    }
  }

  Result<void> check_stream_row(SqlReader& reader, const FrameView& frame) {
    auto row =
        reader.first<std::string, std::uint32_t>("SELECT name, category FROM stream WHERE number = $1", {frame.stream});
    if (!row) return std::move(row).error();
    if (*row && std::get<0>(**row) == frame.stream_name && std::get<1>(**row) >= 1 &&
        std::get<1>(**row) <= categories_.size() &&
        categories_[std::get<1>(**row) - 1] == StreamId::category_of(frame.stream_name)) {
      return {};
    }
    return Error{Errc::corrupt,
                 fmt::format("stream {}: its row is missing or is not that of {}", frame.stream, frame.stream_name)};
  }

  const SqliteLog& log_;
  VerifyReads reads_;
  const LogSnapshot& snapshot_;
  VerifyReport report_;
  LogTotals totals_;
  std::shared_ptr<const NameTable> type_names_;  // a recover() replaces the log's, and the views are into these
  std::shared_ptr<const NameTable> category_names_;
  std::vector<std::string_view> types_;
  std::vector<std::string_view> categories_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> schemas_;  // type, version
  std::uint64_t indexed_through_ = 0;
  std::uint64_t expected_postings_ = 0;
  std::uint64_t expected_stream_entries_ = 0;
  std::uint64_t removed_stream_ = 0;  // the last one asked for; no scavenge changes it meanwhile
  std::uint64_t removed_before_ = 0;
  std::uint64_t last_stream_begun_ = 0;  // numbers of streams begin with 1
  std::uint64_t last_stream_checked_ = 0;
  Timestamp last_recorded_at_{};
  std::vector<std::optional<FrameView>> frames_;
  std::size_t frames_first_ = 0;
};

}  // namespace

Result<VerifyReport> verify_store(const SqliteLog& log, const VerifyOptions& options) {
  const Upkeep turn{log};
  if (!turn.had()) {
    return Error{Errc::unavailable, "verify: a scavenge or another verify of this store runs; call again after it"};
  }
  return Verifier{log, options}.run();
}

}  // namespace cairn::log
