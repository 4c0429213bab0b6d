#pragma once

#include <memory>
#include <string>
#include <utility>

#include <sqlite3.h>

namespace cairn::test {

/// A plain SQLite connection on a given VFS, without anything of ours above it.
class VfsConnection {
 public:
  VfsConnection(const std::string& vfs, const std::string& file,
                int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) {
    sqlite3* db = nullptr;
    opened_ = sqlite3_open_v2(file.c_str(), &db, flags, vfs.c_str());
    db_.reset(db);
    if (db != nullptr) sqlite3_extended_result_codes(db, 1);
  }

  [[nodiscard]] sqlite3* get() const { return db_.get(); }
  /// SQLite's code for the opening.
  [[nodiscard]] int opened() const { return opened_; }

  /// SQLite's extended code.
  int exec(const std::string& sql) { return query(sql).first; }

  /// Code and rows: "1|one\n2|two\n".
  std::pair<int, std::string> query(const std::string& sql) {
    std::string rows;
    const int code = sqlite3_exec(db_.get(), sql.c_str(), append_row, &rows, nullptr);
    return {code, rows};
  }

  /// The rows, or "error <code>: <message>" after those that came before it.
  std::string rows(const std::string& sql) {
    auto [code, text] = query(sql);
    if (code != SQLITE_OK) text += "error " + std::to_string(code) + ": " + sqlite3_errmsg(db_.get());
    return text;
  }

  void close() { db_.reset(); }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };

  static int append_row(void* out, int columns, char** values, char**) {
    std::string& rows = *static_cast<std::string*>(out);
    for (int i = 0; i < columns; ++i) {
      if (i > 0) rows += '|';
      rows += values[i] != nullptr ? values[i] : "NULL";
    }
    rows += '\n';
    return 0;
  }

  std::unique_ptr<sqlite3, Close> db_;
  int opened_ = SQLITE_OK;
};

/// Makes `db`'s still empty file a store: 8192-byte pages, 8 of them reserved, write-ahead log, every commit synced.
inline int make_store(VfsConnection& db) {
  int reserved = 8;
  sqlite3_file_control(db.get(), "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  return db.exec(
      "PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
      "PRAGMA wal_autocheckpoint=0;");
}

}  // namespace cairn::test
