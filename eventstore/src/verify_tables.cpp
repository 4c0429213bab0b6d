#include "verify_tables.hpp"

#include <vector>

#include <fmt/format.h>

#include <cairn/eventstore/stream_id.hpp>

#include "retention_table.hpp"

namespace cairn::log {

namespace {

class TableVerifier {
 public:
  TableVerifier(VerifyReads& reads, const LogTotals& totals, std::span<const std::string_view> categories)
      : reads_{reads}, totals_{totals}, categories_{categories} {}

  Result<void> run() {
    for (auto check : {&TableVerifier::check_streams, &TableVerifier::check_retention, &TableVerifier::check_snapshots,
                       &TableVerifier::check_payloads, &TableVerifier::check_ids}) {
      if (auto done = (this->*check)(); !done) return done;
    }
    return {};
  }

 private:
  static constexpr std::size_t rows_step = VerifyReads::rows_step;

  Result<void> looked_at(std::size_t rows) {
    rows_ += rows;
    return reads_.tell({.phase = VerifyPhase::tables, .checked = rows_, .total = rows_});
  }

  /// Numbers of streams have no gap, and each has its category.
  Result<void> check_streams() {
    std::uint32_t after = 0;
    std::size_t rows = 0;
    do {
      rows = 0;
      auto done = reads_.read([&](SqlReader& reader, LogFetch&) -> Result<void> {
        Result<void> outcome;
        auto walked = reader.each(
            "SELECT number, name, category FROM stream WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3",
            {after, totals_.last_stream, rows_step}, [&](const Row& row) {
              if (row.get<std::uint32_t>(0) != after + 1) return false;
              ++rows;
              ++after;
              const auto category = row.get<std::uint64_t>(2);
              if (category >= 1 && category <= categories_.size() &&
                  categories_[category - 1] == StreamId::category_of(row.text(1))) {
                return true;
              }
              outcome =
                  Error{Errc::corrupt, fmt::format("stream {}: its category is not that of {}", after, row.text(1))};
              return false;
            });
        return walked ? outcome : walked;
      });
      if (done) done = looked_at(rows);
      if (!done) return done;
    } while (rows == rows_step);
    if (after == totals_.last_stream) return {};
    return Error{Errc::corrupt, fmt::format("stream {}: its row is missing", after + 1)};
  }

  /// Each row is of a stream there is, and has numbers that somebody may have set.
  Result<void> check_retention() {
    std::uint32_t stream = 0;
    for (bool more = true; more;) {
      auto done = reads_.read([&](SqlReader& reader, LogFetch&) -> Result<void> {
        std::vector<std::uint32_t> rows;
        bool known = true;
        auto walked = reader.each(
            "SELECT stream, name IS NOT NULL FROM stream_retention LEFT JOIN stream ON number = stream "
            "WHERE stream > $1 ORDER BY stream LIMIT $2",
            {stream, rows_step}, [&](const Row& row) {
              rows.push_back(row.get<std::uint32_t>(0));
              known = row.integer(1) != 0;
              return known;
            });
        if (!walked) return walked;
        if (!known) {
          return Error{Errc::corrupt, fmt::format("retention of stream {}: there is no such stream", rows.back())};
        }
        for (const std::uint32_t row : rows) {
          if (auto good = read_retention(reader, row); !good) return std::move(good).error();
        }
        more = rows.size() == rows_step;
        if (more) stream = rows.back();
        return looked_at(rows.size());
      });
      if (!done) return done;
    }
    return {};
  }

  Result<void> check_snapshots() {
    std::uint64_t stream = 0;
    std::size_t rows = 0;
    do {
      rows = 0;
      auto done = reads_.read([&](SqlReader& reader, LogFetch&) -> Result<void> {
        bool known = true;
        auto walked = reader.each(
            "SELECT DISTINCT stream, name IS NOT NULL FROM snapshot LEFT JOIN stream ON number = stream "
            "WHERE stream > $1 ORDER BY stream LIMIT $2",
            {stream, rows_step}, [&](const Row& row) {
              ++rows;
              stream = row.get<std::uint64_t>(0);
              known = row.integer(1) != 0;
              return known;
            });
        if (!walked || known) return walked;
        return Error{Errc::corrupt, fmt::format("snapshot of stream {}: there is no such stream", stream)};
      });
      if (done) done = looked_at(rows);
      if (!done) return done;
    } while (rows == rows_step);
    return {};
  }

  /// The log's walk found a good payload for each event that needs one; here the others are looked for.
  Result<void> check_payloads() {
    std::uint64_t counted = 0;
    std::uint64_t after = 0;
    std::vector<std::uint64_t> positions;
    do {
      auto done = reads_.read([&](SqlReader& reader, LogFetch& fetch) -> Result<void> {
        positions.clear();
        auto walked = reader.each(
            "SELECT position FROM payload WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3",
            {after, reads_.snapshot().head, rows_step},
            [&](const Row& row) { positions.push_back(row.get<std::uint64_t>(0)); });
        if (!walked) return walked;
        for (const std::uint64_t position : positions) {
          auto frame = fetch.frame(position);
          if (!frame) return std::move(frame).error();
          if (*frame && (*frame)->external) continue;
          return Error{Errc::corrupt, fmt::format("payload of position {} belongs to no event", position)};
        }
        return {};
      });
      if (!done) return done;
      counted += positions.size();
      if (!positions.empty()) after = positions.back();
      if (auto told = looked_at(positions.size()); !told) return told;
    } while (positions.size() == rows_step);
    if (counted == totals_.payloads) return {};
    return Error{Errc::corrupt, fmt::format("{} payloads for {} events", counted, totals_.payloads)};
  }

  /// The log's walk found each event's id; here it is seen that there are no others.
  Result<void> check_ids() {
    std::uint64_t counted = 0;
    Bytes after;
    std::size_t rows = 0;
    do {
      rows = 0;
      auto done = reads_.read([&](SqlReader& reader, LogFetch&) -> Result<void> {
        const Bytes from = after;
        return reader.each("SELECT id, position FROM event_id WHERE id > $1 ORDER BY id LIMIT $2",
                           {BytesView{from}, rows_step}, [&](const Row& row) {
                             ++rows;
                             after.assign(row.blob(0).begin(), row.blob(0).end());
                             if (row.get<std::uint64_t>(1) <= totals_.ids_through) ++counted;
                           });
      });
      if (done) done = looked_at(rows);
      if (!done) return done;
    } while (rows == rows_step);
    if (counted == totals_.ids) return {};
    return Error{Errc::corrupt, fmt::format("index of ids: {} entries for {} events", counted, totals_.ids)};
  }

  VerifyReads& reads_;
  const LogTotals& totals_;
  std::span<const std::string_view> categories_;
  std::uint64_t rows_ = 0;
};

}  // namespace

Result<void> verify_tables(VerifyReads& reads, const LogTotals& totals, std::span<const std::string_view> categories) {
  return TableVerifier{reads, totals, categories}.run();
}

}  // namespace cairn::log
