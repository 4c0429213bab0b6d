#include "sql/connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include <cairn/core/invariant.hpp>

#include "sql/sqlite_error.hpp"

namespace cairn::sql {
namespace {

// Pragmas that only look, or that work inside the transaction they run in.
constexpr std::array<std::string_view, 13> allowed_pragmas{
    "table_info",     "table_xinfo",        "table_list",        "index_list",     "index_info",
    "index_xinfo",    "quick_check",        "page_count",        "freelist_count", "foreign_key_check",
    "schema_version", "defer_foreign_keys", "incremental_vacuum"};

// Pragmas that only look when they are given no value.
constexpr std::array<std::string_view, 4> queried_pragmas{"application_id", "user_version", "page_size",
                                                          "journal_mode"};

template <std::size_t Size>
bool is_among(const std::array<std::string_view, Size>& names, const char* name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Resets the statement on every way out; user code that is handed rows may throw.
class Running {
 public:
  explicit Running(Statement& statement) noexcept : statement_{statement} { statement_.set_busy(true); }
  ~Running() {
    sqlite3_reset(statement_.handle());
    statement_.set_busy(false);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Statement& statement_;
};

}  // namespace

// What is prepared (or prepared again, after a schema change) while it lives is the library's own.
class Connection::Trusted {
 public:
  explicit Trusted(Connection& connection) noexcept
      : connection_{connection}, before_{std::exchange(connection.trusted_, true)} {}
  ~Trusted() { connection_.trusted_ = before_; }
  Trusted(const Trusted&) = delete;
  Trusted& operator=(const Trusted&) = delete;

 private:
  Connection& connection_;
  bool before_;
};

Connection::Connection(sqlite3* db, Owner owner) noexcept
    : db_{db}, owner_{owner}, statements_{db}, own_statements_{db}, blobs_{db} {
  if (owner_ == Owner::us) sqlite3_set_authorizer(db_, &Connection::authorize, this);
}

std::unique_ptr<Connection> Connection::borrow(sqlite3* db) {
  return std::unique_ptr<Connection>{new Connection{db, Owner::somebody_else}};
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& file, const char* vfs, Access access) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
  switch (access) {
    case Access::read_only: flags |= SQLITE_OPEN_READONLY; break;
    case Access::read_write: flags |= SQLITE_OPEN_READWRITE; break;
    case Access::create: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE; break;
  }
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &db, flags, vfs);
  if (code != SQLITE_OK) {
    const Error error = to_error(db, code, fmt::format("open {}", file));
    sqlite3_close(db);
    return error;
  }
  return std::unique_ptr<Connection>{new Connection{db, Owner::us}};
}

Connection::~Connection() {
  blobs_.close();
  statements_.clear();
  own_statements_.clear();
  if (owner_ == Owner::somebody_else) return;
  const int code = sqlite3_close(db_);
  invariant(code == SQLITE_OK, "a connection is closed with statements or blobs still open");
}

int Connection::authorize(void* self, int action, const char* a, const char* b, const char*, const char*) {
  if (static_cast<Connection*>(self)->trusted_) return SQLITE_OK;
  switch (action) {
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
    case SQLITE_ATTACH:
    case SQLITE_DETACH: return SQLITE_DENY;
    case SQLITE_PRAGMA:
      if (is_among(allowed_pragmas, a) || (b == nullptr && is_among(queried_pragmas, a))) return SQLITE_OK;
      return SQLITE_DENY;
    default: return SQLITE_OK;
  }
}

Error Connection::error(int code, std::string_view what) const { return to_error(db_, code, what); }

void Connection::clear_trouble() noexcept {
  trouble_.reset();
  ended_by_.reset();
}

void Connection::remember(int code, const Error& error) {
  if (!trouble_ && is_machine_trouble(code)) trouble_ = error;
  if (!ended_by_ && !in_transaction()) ended_by_ = error;
}

Error Connection::failed(int code, std::string_view what) {
  Error error = to_error(db_, code, what);
  remember(code, error);
  return error;
}

bool Connection::in_transaction() const noexcept { return sqlite3_get_autocommit(db_) == 0; }

Result<void> Connection::check_usable(std::string_view sql) const {
  if (owner_ == Owner::somebody_else || (in_transaction() && !trouble_)) return {};
  return Error{Errc::unavailable, fmt::format("{}: an earlier error ended the transaction", sql)};
}

Result<Statement*> Connection::start(std::string_view sql, std::span<const SqlValue> args) {
  if (auto usable = check_usable(sql); !usable) return std::move(usable).error();
  auto statement = statements_.get(sql);
  if (!statement) {
    remember(sqlite3_extended_errcode(db_), statement.error());
    return std::move(statement).error();
  }
  if ((*statement)->busy()) {
    return Error{Errc::invalid, fmt::format("{}: this statement is still handing out rows", sql)};
  }
  if (auto bound = (*statement)->bind(args); !bound) return std::move(bound).error();
  return *statement;
}

Result<void> Connection::each(std::string_view sql, std::span<const SqlValue> args, void* context,
                              OnRowFunction on_row) {
  auto started = start(sql, args);
  if (!started) return std::move(started).error();
  Statement& statement = **started;
  const Running running{statement};
  if (sqlite3_stmt_readonly(statement.handle()) == 0) blobs_.expire();
  while (true) {
    const int code = sqlite3_step(statement.handle());
    if (code == SQLITE_DONE) return {};
    if (code != SQLITE_ROW) return failed(code, sql);
    if (!on_row(context, Row{statement.handle()})) return {};
  }
}

Result<std::int64_t> Connection::exec(std::string_view sql, std::span<const SqlValue> args) {
  auto started = start(sql, args);
  if (!started) return std::move(started).error();
  Statement& statement = **started;
  const Running running{statement};
  blobs_.expire();
  const auto before = sqlite3_total_changes64(db_);
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(statement.handle());
  if (code != SQLITE_DONE) return failed(code, sql);
  // sqlite3_changes64 keeps the number of the last INSERT, UPDATE or DELETE when this was none of them.
  return sqlite3_total_changes64(db_) == before ? 0 : sqlite3_changes64(db_);
}

Result<void> Connection::exec_script(std::string_view sql) {
  while (!sql.empty()) {
    if (auto usable = check_usable("script"); !usable) return usable;
    sqlite3_stmt* statement = nullptr;
    const char* tail = nullptr;
    int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), 0, &statement, &tail);
    const std::string_view text = sql.substr(0, static_cast<std::size_t>(tail - sql.data()));
    if (code == SQLITE_OK && statement != nullptr) {  // null: only blanks and comments
      do {
        code = sqlite3_step(statement);
      } while (code == SQLITE_ROW);
      if (code == SQLITE_DONE) code = SQLITE_OK;
    }
    if (code != SQLITE_OK) {
      Error error = failed(code, text);
      sqlite3_finalize(statement);
      return error;
    }
    sqlite3_finalize(statement);
    sql.remove_prefix(text.size());
  }
  blobs_.expire();
  return {};
}

Result<void> Connection::read_blob(const char* table, const char* column, std::int64_t rowid, std::size_t offset,
                                   std::span<std::byte> out) {
  if (auto usable = check_usable("read blob"); !usable) return std::move(usable).error();
  auto done = blobs_.read(table, column, rowid, offset, out);
  if (!done) remember(blobs_.last_code(), done.error());
  return done;
}

Result<std::size_t> Connection::blob_size(const char* table, const char* column, std::int64_t rowid) {
  if (auto usable = check_usable("read blob"); !usable) return std::move(usable).error();
  auto size = blobs_.size(table, column, rowid);
  if (!size) remember(blobs_.last_code(), size.error());
  return size;
}

int Connection::run(std::string_view sql) {
  const Trusted trusted{*this};
  auto statement = own_statements_.get(sql);
  if (!statement) return sqlite3_extended_errcode(db_);
  const Running running{**statement};
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step((*statement)->handle());
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

Result<std::optional<std::string>> Connection::ask(std::string_view sql) {
  const Trusted trusted{*this};
  auto statement = own_statements_.get(sql);
  if (!statement) return std::move(statement).error();
  const Running running{**statement};
  std::optional<std::string> answer;
  int code = sqlite3_step((*statement)->handle());
  if (code == SQLITE_ROW) answer = Row{(*statement)->handle()}.get<std::string>(0);
  // To the end: a pragma gives its row first and writes after it.
  while (code == SQLITE_ROW) code = sqlite3_step((*statement)->handle());
  if (code != SQLITE_DONE) return failed(code, sql);
  return answer;
}

}  // namespace cairn::sql
