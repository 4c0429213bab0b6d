#include "sql/store_opening.hpp"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "sql/first_page.hpp"
#include "sql/store_file.hpp"

namespace cairn::sql {
namespace {

// Through SQLite's own file handle: a second descriptor, once closed, would drop this process's locks on the file.
// Zeros where the file is shorter.
Result<DatabaseHeader> read_header(Connection& connection, const std::string& name) {
  DatabaseHeader header{};
  sqlite3_file* file = nullptr;
  int code = sqlite3_file_control(connection.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (code == SQLITE_OK && file != nullptr && file->pMethods != nullptr) {
    code = file->pMethods->xRead(file, header.data(), static_cast<int>(header.size()), 0);
  }
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) {
    return connection.error(code, fmt::format("open {}: read its header", name));
  }
  return header;
}

Result<void> run_all(Connection& connection, const std::string& name, std::initializer_list<std::string> statements) {
  for (const std::string& statement : statements) {
    if (const int code = connection.run(statement); code != SQLITE_OK) {
      return connection.error(code, fmt::format("open {}: {}", name, statement));
    }
  }
  return {};
}

std::string cache_pragma(std::size_t bytes) {
  return fmt::format("PRAGMA cache_size=-{}", std::max<std::size_t>(bytes / 1024, 64));
}

void set_for_all(Connection& connection) {
  for (const auto& [option, on] :
       {std::pair{SQLITE_DBCONFIG_ENABLE_FKEY, 1}, std::pair{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1}, std::pair{SQLITE_DBCONFIG_DQS_DML, 0},
        std::pair{SQLITE_DBCONFIG_DQS_DDL, 0}, std::pair{SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1}}) {
    sqlite3_db_config(connection.handle(), option, on, nullptr);
  }
}

// Everything that makes an empty file a store, in one transaction that a crash undoes as a whole (by the rollback
// journal, since the file is not in WAL mode yet). BEGIN comes first because PRAGMA auto_vacuum is a transaction of its
// own otherwise, and is deferred because the layout is fixed by the first write.
Result<void> create(Connection& connection, const std::string& name) {
  constexpr const char* migrations =
      "CREATE TABLE schema_migration(component TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, "
      "checksum INTEGER NOT NULL, applied_at INTEGER NOT NULL, PRIMARY KEY(component, number)) WITHOUT ROWID";
  int reserved = ChecksumVfs::reserved_bytes;
  sqlite3_file_control(connection.handle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  return run_all(connection, name,
                 {fmt::format("PRAGMA page_size={}", ChecksumVfs::page_bytes), "BEGIN",
                  "PRAGMA auto_vacuum=INCREMENTAL", fmt::format("PRAGMA application_id={}", application_id),
                  fmt::format("PRAGMA user_version={}", file_format), migrations, "COMMIT"});
}

Result<void> check_writable(Connection& connection, const StoreFile& store) {
  if (sqlite3_db_readonly(connection.handle(), "main") == 0) return {};
  return Error{
      Errc::unavailable,
      fmt::format("open {}: {}", store.name(),
                  store.size_of("-wal") > 0 ? "the store needs recovery from its write-ahead log and cannot be written"
                                            : "the file cannot be written")};
}

// Before anything that could recover, and so change, somebody else's database.
Result<void> check_is_store(Connection& connection, const StoreFile& store, std::uint64_t size) {
  if (size == 0) return {};
  auto header = read_header(connection, store.name());
  if (!header) return std::move(header).error();
  auto ours = check_header(*header, store.name());
  if (!ours && recovery_brings_our_first_page(store)) return {};
  return ours;
}

Result<void> set_up_writer(OpenedWriter& writer, const StoreFile& store, const DatabaseOptions& options,
                           std::uint64_t size) {
  Connection& connection = *writer.connection;
  if (auto writable = check_writable(connection, store); !writable) return writable;
  if (auto known = check_is_store(connection, store, size); !known) return known;
  // Before SQLite reads it, so that it reads what is written.
  auto rewritten = store.rewrite_log();
  if (!rewritten && rewritten.error().code() != Errc::storage_full) return rewritten;
  writer.log_trusted = rewritten.has_value();
  set_for_all(connection);
  const std::string& name = store.name();
  if (auto done = run_all(connection, name,
                          {cache_pragma(options.writer_cache_bytes), "PRAGMA temp_store=MEMORY",
                           "PRAGMA secure_delete=OFF", "PRAGMA synchronous=EXTRA"});
      !done) {
    return done;
  }
  auto pages = connection.ask("PRAGMA page_count");  // the first look inside: recovers what a dead owner left
  if (!pages) return std::move(pages).error();
  if (**pages == "0") {
    if (auto created = create(connection, name); !created) return created;
  }
  // Still with synchronous=EXTRA: if the rollback journal of this change came back after a power loss, it would take
  // the file out of WAL mode, and the log would count no more.
  auto mode = connection.ask("PRAGMA journal_mode=WAL");
  if (!mode) return std::move(mode).error();
  if (*mode != "wal") return Error{Errc::unavailable, fmt::format("open {}: no write-ahead log: {}", name, **mode)};
  sqlite3_wal_autocheckpoint(connection.handle(), 0);
  return run_all(connection, name,
                 {options.durability == Durability::relaxed ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL"});
}

}  // namespace

Result<OpenedWriter> open_writer(const StoreFile& store, const DatabaseOptions& options) {
  const bool existed = store.exists();
  const std::uint64_t size = store.size_of("");
  if (size == 0 && store.size_of("-wal") > 0) {  // SQLite would remove it
    return Error{Errc::invalid,
                 fmt::format("open {}: there is a write-ahead log, but no database beside it", store.name())};
  }
  auto connection = Connection::open(store.name(), store.vfs(),
                                     existed ? Connection::Access::read_write : Connection::Access::create);
  if (!connection) {
    if (!existed) store.remove_all();
    return std::move(connection).error();
  }
  OpenedWriter writer{.connection = *std::move(connection)};
  if (auto ready = set_up_writer(writer, store, options, size); !ready) {
    writer.connection.reset();
    if (!existed) store.remove_all();
    return std::move(ready).error();
  }
  return writer;
}

Result<std::unique_ptr<Connection>> open_reader(const StoreFile& store, const DatabaseOptions& options) {
  auto connection = Connection::open(store.name(), store.vfs(), Connection::Access::read_only);
  if (!connection) return connection;
  set_for_all(**connection);
  if (auto done = run_all(**connection, store.name(),
                          {cache_pragma(options.reader_cache_bytes), "PRAGMA temp_store=MEMORY", "PRAGMA query_only=ON",
                           // Maps nothing: makes SQLite ask for pages in place, see ChecksumVfs.
                           fmt::format("PRAGMA mmap_size={}", options.page_cache_bytes)});
      !done) {
    return std::move(done).error();
  }
  return connection;
}

}  // namespace cairn::sql
