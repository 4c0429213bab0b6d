#include "key_connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <sqlite3.h>

#include <cairn/core/sql/memory_vfs.hpp>

#include "key_schema_sql.hpp"

namespace cairn::erasure {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t application_id = 0x436b6579;  // "Ckey"
constexpr std::uint32_t format = 1;
constexpr std::size_t header_bytes = 100;

Error refused(Errc code, const std::string& name, std::string_view why) {
  return Error{code, fmt::format("key file {}: {}", name, why)};
}

std::uint32_t big_endian(const unsigned char* bytes) {
  return (std::uint32_t{bytes[0]} << 24U) | (std::uint32_t{bytes[1]} << 16U) | (std::uint32_t{bytes[2]} << 8U) |
         bytes[3];
}

Errc to_errc(int code) noexcept {
  switch (code & 0xff) {
    case SQLITE_FULL: return Errc::storage_full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Errc::corrupt;
    default: return Errc::unavailable;
  }
}

// SQLite's own: another descriptor on the file would drop its locks when it is closed.
sqlite3_file* file_of(sqlite3* db) noexcept {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  return file;
}

}  // namespace

Result<KeyFilePlace> KeyFilePlace::find(const SubjectKeysOptions& options) {
  KeyFilePlace place{.name = options.file.string(), .memory = options.memory};
  if (place.name.empty()) return Error{Errc::invalid, "key file: no file name"};
  if (place.memory != nullptr) {
    place.exists = place.memory->read_file(place.name).has_value();
  } else {
    std::error_code code;
    const auto status = fs::status(options.file, code);
    place.exists = fs::exists(status);
    if (place.exists && !fs::is_regular_file(status)) return refused(Errc::invalid, place.name, "is no regular file");
    const fs::path directory = options.file.has_parent_path() ? options.file.parent_path() : fs::path{"."};
    if (!fs::is_directory(directory, code)) {
      return refused(Errc::not_found, place.name, "its directory does not exist");
    }
  }
  if (!place.exists && !options.create) return refused(Errc::not_found, place.name, "there is no such file");
  return place;
}

Result<void> KeyFilePlace::make() const {
  if (memory != nullptr) return {};  // SQLite does
  // SQLite gives its journals the mode of the file.
  const int made = ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made < 0) {
    return refused(Errc::unavailable, name, fmt::format("create: {}", std::generic_category().message(errno)));
  }
  ::close(made);
  return {};
}

bool KeyFilePlace::has_journal() const {
  const std::string journal = name + "-journal";
  if (memory != nullptr) {
    const auto content = memory->read_file(journal);
    return content && !content->empty();
  }
  std::error_code code;
  const auto size = fs::file_size(journal, code);
  return !code && size > 0;
}

KeyConnection::KeyConnection(sqlite3* db, std::string name) noexcept : db_{db}, name_{std::move(name)} {}

KeyConnection::~KeyConnection() { sqlite3_close(db_); }

Result<std::unique_ptr<KeyConnection>> KeyConnection::open(const KeyFilePlace& place) {
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
  if (place.memory != nullptr) flags |= SQLITE_OPEN_CREATE;
  sqlite3* db = nullptr;
  const int code =
      sqlite3_open_v2(place.name.c_str(), &db, flags, place.memory != nullptr ? place.memory->name().c_str() : nullptr);
  std::unique_ptr<KeyConnection> connection{new KeyConnection{db, place.name}};
  if (code != SQLITE_OK) return connection->error(code, "open");
  if (auto ours = connection->check_header(place); !ours) return std::move(ours).error();
  if (auto ready = connection->set_up(); !ready) return std::move(ready).error();
  return connection;
}

// Before SQL, which would recover, and so change, somebody else's database. With a journal beside it the first page may
// be half of one; then set_up() looks at what SQLite has recovered.
Result<void> KeyConnection::check_header(const KeyFilePlace& place) {
  const auto size = file_size();
  if (!size) return size.error();
  if (*size == 0 || place.has_journal()) return {};
  sqlite3_file* const file = file_of(db_);
  std::array<unsigned char, header_bytes> header{};
  const int code = file->pMethods->xRead(file, header.data(), static_cast<int>(header.size()), 0);
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return error(code, "read its header");
  constexpr std::string_view magic{"SQLite format 3\0", 16};
  const bool sqlite = std::equal(magic.begin(), magic.end(), header.begin(),
                                 [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; });
  if (!sqlite || big_endian(&header[68]) != application_id) return refused(Errc::invalid, name_, "not a key file");
  return {};
}

Result<std::int64_t> KeyConnection::file_size() const {
  sqlite3_file* const file = file_of(db_);
  sqlite3_int64 size = 0;
  const int code = file->pMethods->xFileSize(file, &size);
  if (code != SQLITE_OK) return error(code, "read its size");
  return size;
}

Result<void> KeyConnection::set_up() {
  // Of the journal modes only this one leaves neither the journal's bytes nor, synced as it is, the way back to them:
  // with locks kept, DELETE zeroes no more than the journal's header (sqlite.org/pragma.html#pragma_locking_mode).
  for (const char* const pragma : {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA temp_store=MEMORY",
                                   "PRAGMA synchronous=EXTRA", "PRAGMA secure_delete=ON"}) {
    if (auto done = run(pragma); !done) return done;
  }
  if (auto locked = run("BEGIN EXCLUSIVE"); !locked) return locked;

  const auto number = [this](const char* pragma) -> Result<std::int64_t> {
    KeyStatement statement{*this, pragma};
    auto row = statement.step();
    if (!row) return std::move(row).error();
    return statement.integer(0);
  };
  const auto size = file_size();  // PRAGMA page_count would tell of the first page of the transaction that has begun
  if (!size) return size.error();
  is_new_ = *size == 0;
  if (!is_new_) {
    const auto id = number("PRAGMA application_id");
    const auto version = number("PRAGMA user_version");
    if (!id) return id.error();
    if (!version) return version.error();
    if (*id != application_id) return refused(Errc::invalid, name_, "not a key file");
    if (*version > format) {
      return refused(Errc::invalid, name_, fmt::format("format {} is newer than {}", *version, format));
    }
  }
  if (auto ended = run("ROLLBACK"); !ended) return ended;  // the lock stays

  KeyStatement journal{*this, "PRAGMA journal_mode=TRUNCATE"};
  auto row = journal.step();
  if (!row) return std::move(row).error();
  const auto secure = number("PRAGMA secure_delete");
  if (!secure) return secure.error();
  if (journal.text(0) != "truncate" || *secure != 1) {
    return refused(Errc::unavailable, name_, "this SQLite cannot overwrite what it deletes");
  }
  return {};
}

Result<void> KeyConnection::create_tables() {
  if (auto done = run(fmt::format("PRAGMA application_id={}", application_id).c_str()); !done) return done;
  if (auto done = run(fmt::format("PRAGMA user_version={}", format).c_str()); !done) return done;
  return run(std::string{schema::sql_0001_keys}.c_str());
}

Result<void> KeyConnection::run(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code, std::string_view{sql}.substr(0, 60));
  return {};
}

Error KeyConnection::error(int code, std::string_view what) const {
  if ((code & 0xff) == SQLITE_BUSY) return refused(Errc::busy_owner, name_, "somebody else has it open");
  std::string text =
      fmt::format("key file {}: {}: {}", name_, what, db_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db_));
  if (db_ != nullptr && sqlite3_system_errno(db_) != 0) {
    text += fmt::format(" ({})", std::generic_category().message(sqlite3_system_errno(db_)));
  }
  return Error{to_errc(code), std::move(text)};
}

KeyStatement::KeyStatement(KeyConnection& connection, std::string_view sql)
    : connection_{connection},
      sql_{sql},
      code_{sqlite3_prepare_v2(connection.handle(), sql.data(), static_cast<int>(sql.size()), &statement_, nullptr)} {}

KeyStatement::~KeyStatement() { sqlite3_finalize(statement_); }

KeyStatement& KeyStatement::bind(std::int64_t value) {
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_int64(statement_, next_++, value);
  return *this;
}

KeyStatement& KeyStatement::bind(BytesView value) {
  // No bytes are an empty blob; a null pointer would be NULL.
  const void* const data = value.empty() ? static_cast<const void*>("") : value.data();
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_blob64(statement_, next_++, data, value.size(), SQLITE_STATIC);
  return *this;
}

KeyStatement& KeyStatement::bind(std::string_view value) {
  if (code_ == SQLITE_OK) {
    code_ = sqlite3_bind_text64(statement_, next_++, value.empty() ? "" : value.data(), value.size(), SQLITE_STATIC,
                                SQLITE_UTF8);
  }
  return *this;
}

Result<bool> KeyStatement::step() {
  if (code_ == SQLITE_OK) {
    const int stepped = sqlite3_step(statement_);
    if (stepped == SQLITE_ROW || stepped == SQLITE_DONE) return stepped == SQLITE_ROW;
    code_ = stepped;
  }
  return connection_.error(code_, sql_.substr(0, 60));
}

Result<void> KeyStatement::run() {
  auto row = step();
  while (row && *row) row = step();
  if (!row) return std::move(row).error();
  return {};
}

bool KeyStatement::is_null(int column) const noexcept { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::int64_t KeyStatement::integer(int column) const noexcept { return sqlite3_column_int64(statement_, column); }

std::string KeyStatement::text(int column) const {
  const auto* const data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return data == nullptr ? std::string{}
                         : std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

Bytes KeyStatement::blob(int column) const {
  const auto* const data = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
  return data == nullptr ? Bytes{} : Bytes(data, data + sqlite3_column_bytes(statement_, column));
}

}  // namespace cairn::erasure
