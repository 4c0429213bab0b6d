#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <cairn/core/bytes.hpp>

#include "event_maker.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace cairn::bench {

/// `plain`: the usual event store on SQLite, as fast as that design goes.
///
///   stream(number, name UNIQUE)                       the dictionary
///   event(position, stream, revision, type, ..., UNIQUE(stream, revision))      a row for each event
///   category_index(category, position), type_index(type, position), tag_index(tag, position)
///
/// The same four indexes as the log's, written directly with each event; the same pragmas (page size 8192, WAL,
/// synchronous=FULL, cache 64 MiB); automatic checkpoints at 1,000 pages; one transaction for each batch, prepared
/// statements, one connection. Streams exist beforehand here too.
/// In its favour: numbers of streams and their next revisions are in the caller's memory, so an append looks nothing
/// up; there is no queue, no check of names, ids or limits, no checksum of a page or an event, no repeat by event id.
/// Throws std::runtime_error.
class PlainStore {
 public:
  PlainStore(const std::filesystem::path& file, const StreamNames& names);
  ~PlainStore();
  PlainStore(const PlainStore&) = delete;
  PlainStore& operator=(const PlainStore&) = delete;

  /// One event for each stream, so that all of them exist.
  void create_streams(EventMaker& maker, const StreamNames& names);
  void append(const UniformBatch& batch);

 private:
  struct CloseDatabase {
    void operator()(sqlite3* database) const;
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

  void execute(const char* sql);
  [[nodiscard]] Statement prepare(const char* sql);
  /// Runs a statement that has its arguments and returns no rows.
  void run(const Statement& statement);
  void check(int code, const char* what) const;
  void insert(const NewEvent& event, std::size_t stream, std::size_t type);

  std::unique_ptr<sqlite3, CloseDatabase> database_;
  Statement begin_;
  Statement commit_;
  Statement insert_event_;
  Statement insert_category_;
  Statement insert_type_;
  Statement insert_tag_;
  std::vector<std::int64_t> next_revision_;
  std::int64_t position_ = 0;
  Bytes metadata_;
};

}  // namespace cairn::bench
