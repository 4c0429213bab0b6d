#include "plain_store.hpp"

#include <sqlite3.h>

#include <stdexcept>

#include <fmt/format.h>

#include "bare_frame.hpp"

namespace cairn::bench {
namespace {

constexpr const char* schema = R"sql(
PRAGMA page_size = 8192;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA cache_size = -65536;
CREATE TABLE stream(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, category INTEGER NOT NULL);
CREATE TABLE event(position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, revision INTEGER NOT NULL,
  type INTEGER NOT NULL, schema_version INTEGER NOT NULL, content_type INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL, id BLOB NOT NULL, metadata BLOB NOT NULL, data BLOB NOT NULL,
  UNIQUE(stream, revision));
CREATE TABLE category_index(category INTEGER, position INTEGER, PRIMARY KEY(category, position)) WITHOUT ROWID;
CREATE TABLE type_index(type INTEGER, position INTEGER, PRIMARY KEY(type, position)) WITHOUT ROWID;
CREATE TABLE tag_index(tag TEXT, position INTEGER, PRIMARY KEY(tag, position)) WITHOUT ROWID;
)sql";

int bytes(std::size_t size) { return static_cast<int>(size); }

}  // namespace

void PlainStore::CloseDatabase::operator()(sqlite3* database) const { sqlite3_close(database); }
void PlainStore::FinalizeStatement::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

PlainStore::PlainStore(const std::filesystem::path& file, const StreamNames& names) : next_revision_(names.size()) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open(file.c_str(), &opened);
  database_.reset(opened);
  check(code, "open");
  execute(schema);
  begin_ = prepare("BEGIN IMMEDIATE");
  commit_ = prepare("COMMIT");
  insert_event_ = prepare("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
  insert_category_ = prepare("INSERT INTO category_index VALUES (?1, ?2)");
  insert_type_ = prepare("INSERT INTO type_index VALUES (?1, ?2)");
  insert_tag_ = prepare("INSERT INTO tag_index VALUES (?1, ?2)");
}

PlainStore::~PlainStore() = default;

void PlainStore::create_streams(EventMaker& maker, const StreamNames& names) {
  const Statement insert_stream = prepare("INSERT INTO stream VALUES (?1, ?2, ?3)");
  constexpr std::size_t streams_per_transaction = 2'000;
  NewEvent event;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i % streams_per_transaction == 0) run(begin_);
    const std::string& name = names[i].text();
    sqlite3_bind_int64(insert_stream.get(), 1, static_cast<std::int64_t>(i));
    sqlite3_bind_text(insert_stream.get(), 2, name.data(), bytes(name.size()), SQLITE_STATIC);
    sqlite3_bind_int64(insert_stream.get(), 3, static_cast<std::int64_t>(StreamNames::category_of(i)));
    run(insert_stream);
    maker.make(event);
    insert(event, i, maker.type());
    if ((i + 1) % streams_per_transaction == 0 || i + 1 == names.size()) run(commit_);
  }
}

void PlainStore::append(const UniformBatch& batch) {
  run(begin_);
  for (std::size_t i = 0; i < batch.size(); ++i) insert(batch.event(i), batch.stream(i), batch.type(i));
  run(commit_);
}

void PlainStore::insert(const NewEvent& event, std::size_t stream, std::size_t type) {
  metadata_.clear();
  add_metadata(event.metadata, metadata_);
  const std::int64_t position = ++position_;
  sqlite3_stmt* row = insert_event_.get();
  sqlite3_bind_int64(row, 1, position);
  sqlite3_bind_int64(row, 2, static_cast<std::int64_t>(stream));
  sqlite3_bind_int64(row, 3, next_revision_[stream]++);
  sqlite3_bind_int64(row, 4, static_cast<std::int64_t>(type));
  sqlite3_bind_int64(row, 5, event.schema_version);
  sqlite3_bind_int64(row, 6, 1);
  sqlite3_bind_int64(row, 7, event.metadata.occurred_at->time_since_epoch().count());
  sqlite3_bind_blob(row, 8, event.id.bytes().data(), bytes(Uuid::size), SQLITE_STATIC);
  sqlite3_bind_blob(row, 9, metadata_.data(), bytes(metadata_.size()), SQLITE_STATIC);
  sqlite3_bind_blob(row, 10, event.data.data(), bytes(event.data.size()), SQLITE_STATIC);
  run(insert_event_);

  sqlite3_bind_int64(insert_category_.get(), 1, static_cast<std::int64_t>(StreamNames::category_of(stream)));
  sqlite3_bind_int64(insert_category_.get(), 2, position);
  run(insert_category_);
  sqlite3_bind_int64(insert_type_.get(), 1, static_cast<std::int64_t>(type));
  sqlite3_bind_int64(insert_type_.get(), 2, position);
  run(insert_type_);
  for (const std::string& tag : event.metadata.tags) {
    sqlite3_bind_text(insert_tag_.get(), 1, tag.data(), bytes(tag.size()), SQLITE_STATIC);
    sqlite3_bind_int64(insert_tag_.get(), 2, position);
    run(insert_tag_);
  }
}

void PlainStore::execute(const char* sql) { check(sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr), sql); }

PlainStore::Statement PlainStore::prepare(const char* sql) {
  sqlite3_stmt* prepared = nullptr;
  check(sqlite3_prepare_v2(database_.get(), sql, -1, &prepared, nullptr), sql);
  return Statement{prepared};
}

void PlainStore::run(const Statement& statement) {
  if (sqlite3_step(statement.get()) != SQLITE_DONE) check(SQLITE_ERROR, sqlite3_sql(statement.get()));
  sqlite3_reset(statement.get());
}

void PlainStore::check(int code, const char* what) const {
  if (code != SQLITE_OK) throw std::runtime_error{fmt::format("plain: {}: {}", what, sqlite3_errmsg(database_.get()))};
}

}  // namespace cairn::bench
