#include "sql/store_opening.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "sql/store_file.hpp"

namespace cairn::sql {
namespace {

// The first 100 bytes of a database: https://sqlite.org/fileformat2.html#the_database_header
using Header = std::array<unsigned char, 100>;
constexpr std::string_view magic{"SQLite format 3\0", 16};

std::uint32_t big_endian(const Header& header, std::size_t offset, std::size_t bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = (value << 8U) | header[offset + i];
  return value;
}

bool is_zero(const Header& header) {
  return std::all_of(header.begin(), header.end(), [](unsigned char byte) { return byte == 0; });
}

// Through SQLite's own file handle: a second descriptor, once closed, would drop this process's locks on the file.
// Zeros where the file is shorter.
Result<Header> read_header(Connection& connection, const std::string& name) {
  Header header{};
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

Error not_ours(const std::string& name, std::string_view why) {
  return Error{Errc::invalid, fmt::format("open {}: {}", name, why)};
}

Result<void> check_header(const Header& header, const std::string& name) {
  if (!std::equal(magic.begin(), magic.end(), header.begin(),
                  [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; })) {
    return not_ours(name, "not a store: no SQLite file");
  }
  if (big_endian(header, 68, 4) != application_id) return not_ours(name, "not a store: another program's SQLite file");
  const std::uint32_t page = big_endian(header, 16, 2);
  const std::uint32_t reserved = header[20];
  if (page != ChecksumVfs::page_bytes || reserved != ChecksumVfs::reserved_bytes) {
    return not_ours(name, fmt::format("another page layout: {} bytes, {} reserved, where a store has {} and {}", page,
                                      reserved, ChecksumVfs::page_bytes, ChecksumVfs::reserved_bytes));
  }
  if (const std::uint32_t format = big_endian(header, 60, 4);
      format > file_format || header[18] > 2 || header[19] > 2) {
    return not_ours(name,
                    fmt::format("format {} is newer than {}, the newest this library knows", format, file_format));
  }
  return {};
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
// journal, since the file is not in WAL mode yet).
Result<void> create(Connection& connection, const std::string& name) {
  int reserved = ChecksumVfs::reserved_bytes;
  sqlite3_file_control(connection.handle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  return run_all(
      connection, name,
      {fmt::format("PRAGMA page_size={}", ChecksumVfs::page_bytes), "PRAGMA auto_vacuum=INCREMENTAL", "BEGIN IMMEDIATE",
       fmt::format("PRAGMA application_id={}", application_id), fmt::format("PRAGMA user_version={}", file_format),
       "CREATE TABLE schema_migration(component TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, "
       "checksum INTEGER NOT NULL, applied_at INTEGER NOT NULL, PRIMARY KEY(component, number)) WITHOUT ROWID",
       "COMMIT"});
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
  // A creation that lost power: page 1 was not written yet, and the journal says that the file was empty.
  if (is_zero(*header) && store.size_of("-journal") > 0) return {};
  return check_header(*header, store.name());
}

Result<void> set_up_writer(Connection& connection, const StoreFile& store, const DatabaseOptions& options,
                           std::uint64_t size) {
  if (auto writable = check_writable(connection, store); !writable) return writable;
  if (auto known = check_is_store(connection, store, size); !known) return known;
  set_for_all(connection);
  const std::string& name = store.name();
  if (auto done = run_all(connection, name,
                          {cache_pragma(options.writer_cache_bytes), "PRAGMA temp_store=MEMORY",
                           "PRAGMA secure_delete=OFF", "PRAGMA synchronous=FULL"});
      !done) {
    return done;
  }
  auto pages = connection.ask("PRAGMA page_count");  // the first look inside: recovers what a dead owner left
  if (!pages) return std::move(pages).error();
  if (**pages == "0") {
    if (auto created = create(connection, name); !created) return created;
  }
  auto mode = connection.ask("PRAGMA journal_mode=WAL");
  if (!mode) return std::move(mode).error();
  if (*mode != "wal") return Error{Errc::unavailable, fmt::format("open {}: no write-ahead log: {}", name, **mode)};
  sqlite3_wal_autocheckpoint(connection.handle(), 0);
  if (options.durability == Durability::relaxed) return run_all(connection, name, {"PRAGMA synchronous=NORMAL"});
  return {};
}

}  // namespace

Result<std::unique_ptr<Connection>> open_writer(const StoreFile& store, const DatabaseOptions& options) {
  const bool existed = store.exists();
  const std::uint64_t size = store.size_of("");
  if (size == 0 && store.size_of("-wal") > 0) {  // SQLite would remove it
    return not_ours(store.name(), "there is a write-ahead log, but no database beside it");
  }
  auto connection = Connection::open(store.name(), store.vfs(),
                                     existed ? Connection::Access::read_write : Connection::Access::create);
  if (!connection) {
    if (!existed) store.remove_all();
    return connection;
  }
  if (auto ready = set_up_writer(**connection, store, options, size); !ready) {
    connection->reset();
    if (!existed) store.remove_all();
    return std::move(ready).error();
  }
  return connection;
}

Result<std::unique_ptr<Connection>> open_reader(const StoreFile& store, const DatabaseOptions& options) {
  auto connection = Connection::open(store.name(), store.vfs(), Connection::Access::read_only);
  if (!connection) return connection;
  set_for_all(**connection);
  if (auto done =
          run_all(**connection, store.name(),
                  {cache_pragma(options.reader_cache_bytes), "PRAGMA temp_store=MEMORY", "PRAGMA query_only=ON"});
      !done) {
    return std::move(done).error();
  }
  return connection;
}

}  // namespace cairn::sql
