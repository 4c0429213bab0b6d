#include "scavenge.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_map.hpp>

#include <cairn/core/call_user.hpp>
#include <cairn/core/sql/database.hpp>

#include "chunk_view.hpp"
#include "index_tables.hpp"
#include "log_fetch.hpp"
#include "posting_codec.hpp"
#include "sqlite_log.hpp"
#include "step_buffer.hpp"
#include "thin_chunks.hpp"
#include "upkeep.hpp"

namespace cairn::log {

namespace {

// A slice ends when it has done so much of one of these.
constexpr std::uint64_t slice_rows = 256;
constexpr std::size_t slice_lookups = 512;
/// Chunks whose kept slots are remembered while postings are looked at; 32 bytes each.
constexpr std::size_t remembered_chunks_max = 16'384;

/// The rows scavenge_* of table store.
struct Place {
  enum Phase : std::uint8_t { none = 0, log = 1, stream_index = 2, postings = 3, file = 4 };
  Phase phase = none;
  std::int64_t next = 0;      ///< chunk; stream; posting key
  std::int64_t position = 0;  ///< of the last posting looked at
  std::int64_t end = 0;       ///< the first chunk that is left alone
  std::int64_t removed = 0;   ///< events, since the scavenge began
};

struct Slice {
  Place place;  ///< where the next one begins
  std::uint64_t events_removed = 0;
  std::uint64_t chunks_rewritten = 0;
  std::uint64_t pages_released = 0;
  ScavengeProgress progress;
};

Result<Place> read_place(SqlReader& reader) {
  Place place;
  std::int64_t phase = 0;
  const std::array<std::pair<const char*, std::int64_t*>, 5> rows{{{"scavenge_phase", &phase},
                                                                   {"scavenge_next", &place.next},
                                                                   {"scavenge_position", &place.position},
                                                                   {"scavenge_end", &place.end},
                                                                   {"scavenge_removed", &place.removed}}};
  for (const auto& [key, value] : rows) {
    auto row = reader.first<std::int64_t>("SELECT value FROM store WHERE key = $1", {key});
    if (!row) return std::move(row).error();
    if (!*row) return Error{Errc::corrupt, fmt::format("table store has no row {}", key)};
    *value = **row;
  }
  if (phase < Place::none || phase > Place::file || place.end < 0 || place.position < 0 || place.removed < 0) {
    return Error{Errc::corrupt, fmt::format("table store: scavenge_phase {}, next {}, position {}, end {}, removed {}",
                                            phase, place.next, place.position, place.end, place.removed)};
  }
  place.phase = static_cast<Place::Phase>(phase);
  return place;
}

Result<void> write_place(Unit& unit, const Place& place) {
  const std::array<std::pair<const char*, std::int64_t>, 5> rows{{{"scavenge_phase", place.phase},
                                                                  {"scavenge_next", place.next},
                                                                  {"scavenge_position", place.position},
                                                                  {"scavenge_end", place.end},
                                                                  {"scavenge_removed", place.removed}}};
  for (const auto& [key, value] : rows) {
    auto stored = unit.exec("UPDATE store SET value = $2 WHERE key = $1 AND value <> $2", {key, value});
    if (!stored) return std::move(stored).error();
  }
  return {};
}

Result<std::int64_t> number_of(SqlReader& reader, std::string_view sql) {
  auto row = reader.first<std::int64_t>(sql, {});
  if (!row) return std::move(row).error();
  return row->value_or(0);
}

class Scavenge {
 public:
  Scavenge(SqliteLog& log, const ScavengeOptions& options) : log_{log}, options_{options} {}

  Result<ScavengeReport> run() {
    for (;;) {
      if (options_.stop.stop_requested()) return Error{Errc::cancelled, "scavenge: stopped; call again to go on"};
      auto slice = log_.database().write_background([this](Unit& unit) { return run_slice(unit); });
      if (!slice) return std::move(slice).error();
      report_.events_removed += slice->events_removed;
      report_.chunks_rewritten += slice->chunks_rewritten;
      report_.pages_released += slice->pages_released;
      report_.looked_through = {static_cast<std::uint64_t>(slice->place.end) * chunk_events};
      if (options_.on_progress) {
        auto told = call_user("on_progress", [&] { options_.on_progress(slice->progress); });
        if (!told) return std::move(told).error();
      }
      if (slice->place.phase == Place::none) return report_;
    }
  }

 private:
  Result<Slice> run_slice(Unit& unit) {
    Slice slice;
    auto place = read_place(unit);
    if (!place) return std::move(place).error();
    slice.place = *place;
    auto done = work(unit, slice);
    if (!done) return std::move(done).error();
    if (auto stored = write_place(unit, slice.place); !stored) return std::move(stored).error();
    return slice;
  }

  Result<void> work(Unit& unit, Slice& slice) {
    Place& place = slice.place;
    switch (place.phase) {
      case Place::none: return begin(unit, slice);
      case Place::log: return clean_log(unit, slice);
      case Place::stream_index: return clean_stream_index(unit, slice);
      case Place::postings: return clean_postings(unit, slice);
      case Place::file: return shrink_file(unit, slice);
    }
    return {};
  }

  Result<void> begin(Unit& unit, Slice& slice) const {
    Place& place = slice.place;
    place = {.end = static_cast<std::int64_t>(log_.removable_through() / chunk_events)};
    if (place.end == 0 || log_.retention_version() == 0) {
      place.phase = Place::file;
      return shrink_file(unit, slice);
    }
    place.phase = Place::log;
    slice.progress = {.phase = ScavengePhase::log, .done = 0, .total = static_cast<std::uint64_t>(place.end)};
    return {};
  }

  Result<void> clean_log(Unit& unit, Slice& slice) const {
    Place& place = slice.place;
    // What this process remembers may reach further back than what the one that began remembered.
    place.end = std::min(place.end, static_cast<std::int64_t>(log_.removable_through() / chunk_events));
    if (place.next < place.end) {
      auto thinned =
          thin_chunks(log_, unit, static_cast<std::uint64_t>(place.next), static_cast<std::uint64_t>(place.end));
      if (!thinned) return std::move(thinned).error();
      place.next = static_cast<std::int64_t>(thinned->next);
      place.removed += static_cast<std::int64_t>(thinned->events_removed);
      slice.events_removed = thinned->events_removed;
      slice.chunks_rewritten = thinned->chunks_rewritten;
    }
    slice.progress = {.phase = ScavengePhase::log,
                      .done = static_cast<std::uint64_t>(std::min(place.next, place.end)),
                      .total = static_cast<std::uint64_t>(place.end)};
    if (place.next < place.end) return {};
    place.phase = place.removed > 0 ? Place::stream_index : Place::file;
    place.next = 0;
    return {};
  }

  /// `next` is the last stream that is done with.
  static Result<void> clean_stream_index(Unit& unit, Slice& slice) {
    Place& place = slice.place;
    auto last = number_of(unit, "SELECT coalesce(max(stream), 0) FROM stream_retention");
    if (!last) return std::move(last).error();
    slice.progress = {.phase = ScavengePhase::stream_index,
                      .done = static_cast<std::uint64_t>(place.next),
                      .total = static_cast<std::uint64_t>(*last)};
    std::vector<std::pair<std::uint32_t, std::uint64_t>> streams;
    auto walked = unit.each(
        "SELECT stream, removed_before FROM stream_retention WHERE stream > $1 AND removed_before > 0 ORDER BY stream "
        "LIMIT $2",
        {place.next, slice_rows},
        [&](const Row& row) { streams.emplace_back(row.get<std::uint32_t>(0), row.get<std::uint64_t>(1)); });
    if (!walked) return walked;
    std::uint64_t left = slice_rows;
    for (const auto& [stream, removed_before] : streams) {
      // The row that removed_before falls into, or the stream's last one, stays: its head is known from there.
      auto dropped = unit.exec(
          "DELETE FROM stream_index WHERE (stream, revision) IN (SELECT stream, revision FROM stream_index WHERE "
          "stream = $1 AND revision < (SELECT max(revision) FROM stream_index WHERE stream = $1 AND revision <= $2) "
          "ORDER BY revision LIMIT $3)",
          {stream, removed_before, left});
      if (!dropped) return std::move(dropped).error();
      left -= std::min(left, static_cast<std::uint64_t>(*dropped) + 1);
      if (left == 0) return {};
      place.next = stream;
      slice.progress.done = stream;
    }
    if (streams.size() == slice_rows) return {};
    slice.progress.done = slice.progress.total;
    place.phase = Place::postings;
    place.next = std::numeric_limits<std::int64_t>::min();
    place.position = 0;
    return {};
  }

  /// `next` and `position` are the last row that was looked at.
  Result<void> clean_postings(Unit& unit, Slice& slice) {
    Place& place = slice.place;
    struct Posting {
      std::int64_t key;
      std::uint64_t position;
      bool kept;
    };
    std::vector<Posting> rows;
    Result<void> outcome;
    std::size_t lookups = 0;
    std::vector<std::uint64_t> positions;
    StepBuffer buffer;
    const LogSnapshot snapshot = log_.unit_snapshot();
    LogFetch fetch{unit, snapshot, buffer};
    auto walked = unit.each(
        "SELECT key, position, more FROM posting WHERE (key, position) > ($1, $2) ORDER BY key, position LIMIT $3",
        {place.next, place.position, slice_rows}, [&](const Row& row) {
          Posting& posting = rows.emplace_back(Posting{row.integer(0), row.get<std::uint64_t>(1), true});
          positions.assign(1, posting.position);
          outcome = decode_positions(posting.position, row.blob(2), index_row_positions_max, positions);
          if (!outcome) return false;
          auto kept = keeps_any(fetch, positions, static_cast<std::uint64_t>(place.end), lookups);
          if (kept) {
            posting.kept = *kept;
          } else {
            outcome = std::move(kept).error();
          }
          return outcome.has_value() && lookups < slice_lookups;
        });
    if (!walked) return walked;
    if (!outcome) return outcome;
    for (const Posting& posting : rows) {
      if (posting.kept) continue;
      auto dropped = unit.exec("DELETE FROM posting WHERE key = $1 AND position = $2", {posting.key, posting.position});
      if (!dropped) return std::move(dropped).error();
    }
    // Keys are spread over all numbers: how far through them is how far along.
    constexpr std::uint64_t parts = 1'000;
    slice.progress = {.phase = ScavengePhase::postings, .done = parts, .total = parts};
    if (rows.size() == slice_rows || lookups >= slice_lookups) {
      place.next = rows.back().key;
      place.position = static_cast<std::int64_t>(rows.back().position);
      const std::uint64_t key = std::bit_cast<std::uint64_t>(place.next) + (std::uint64_t{1} << 63U);
      slice.progress.done = key / (std::numeric_limits<std::uint64_t>::max() / parts + 1);
      return {};
    }
    place.phase = Place::file;
    place.next = 0;
    place.position = 0;
    return {};
  }

  /// Whether the log has an event at one of `positions`, which ascend.
  Result<bool> keeps_any(LogFetch& fetch, const std::vector<std::uint64_t>& positions, std::uint64_t end,
                         std::size_t& lookups) {
    // The last one first: what is removed is older than what is kept.
    for (auto position = positions.rbegin(); position != positions.rend(); ++position) {
      const std::uint64_t number = chunk_of(*position);
      if (number >= end) return true;
      auto known = slots_.find(number);
      if (known == slots_.end()) {
        ++lookups;
        auto slots = fetch.kept_slots(number);
        if (!slots) return std::move(slots).error();
        if (slots_.size() == remembered_chunks_max) slots_.clear();
        known = slots_.emplace(number, *slots).first;
      }
      if (known->second.holds(slot_of(*position))) return true;
    }
    return false;
  }

  Result<void> shrink_file(Unit& unit, Slice& slice) const {
    const auto before = number_of(unit, "PRAGMA page_count");
    if (!before) return before.error();
    auto vacuumed = unit.exec("PRAGMA incremental_vacuum(32)");
    if (!vacuumed) return std::move(vacuumed).error();
    const auto after = number_of(unit, "PRAGMA page_count");
    if (!after) return after.error();
    const auto left = number_of(unit, "PRAGMA freelist_count");
    if (!left) return left.error();
    slice.pages_released = static_cast<std::uint64_t>(std::max<std::int64_t>(*before - *after, 0));
    const std::uint64_t released = report_.pages_released + slice.pages_released;
    slice.progress = {
        .phase = ScavengePhase::file, .done = released, .total = released + static_cast<std::uint64_t>(*left)};
    if (*left == 0 || slice.pages_released == 0) slice.place.phase = Place::none;
    return {};
  }

  SqliteLog& log_;
  const ScavengeOptions& options_;
  ScavengeReport report_;
  boost::unordered_flat_map<std::uint64_t, KeptSlots> slots_;  // as of the end of the log's phase
};

}  // namespace

Result<ScavengeReport> scavenge(SqliteLog& log, const ScavengeOptions& options) {
  const Upkeep turn{log};
  if (!turn.had()) {
    return Error{Errc::unavailable, "scavenge: a verify or another scavenge of this store runs; call again after it"};
  }
  return Scavenge{log, options}.run();
}

}  // namespace cairn::log
