#pragma once

#include <dlfcn.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <sqlite3.h>

#include <cairn/core/sql/memory_vfs.hpp>

namespace cairn::test {

/// A connection as a program with SQL has it, with the extension loaded.
class ExtensionConnection {
 public:
  explicit ExtensionConnection(const MemoryVfs& disk, int flags = SQLITE_OPEN_READONLY,
                               const std::string& file = "store.db") {
    // Not sqlite3_load_extension(): it asks the VFS for the file, and there is none of that name in memory.
    sqlite3_auto_extension(entry_point());
    sqlite3* db = nullptr;
    const int opened = sqlite3_open_v2(file.c_str(), &db, flags, disk.name().c_str());
    sqlite3_cancel_auto_extension(entry_point());
    db_.reset(db);
    if (opened != SQLITE_OK) throw std::runtime_error{"open " + file + ": " + sqlite3_errmsg(db)};
  }

  [[nodiscard]] sqlite3* get() const { return db_.get(); }

  /// A row is its columns as text, joined by '|'. What came before an error, and then the error, without its code.
  struct Answer {
    std::vector<std::string> rows{};
    int code = SQLITE_OK;
    std::string error{};
    std::int64_t steps = 0;  ///< of SQLite's virtual machine, in the statement itself
  };
  Answer ask(const std::string& sql) {
    Answer answer;
    sqlite3_stmt* prepared = nullptr;
    answer.code = sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &prepared, nullptr);
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement{prepared, sqlite3_finalize};
    while (answer.code == SQLITE_OK || answer.code == SQLITE_ROW) {
      answer.code = sqlite3_step(prepared);
      if (answer.code == SQLITE_ROW) answer.rows.push_back(row_of(prepared));
    }
    if (answer.code != SQLITE_DONE) answer.error = sqlite3_errmsg(db_.get());
    if (prepared != nullptr) answer.steps = sqlite3_stmt_status(prepared, SQLITE_STMTSTATUS_VM_STEP, 0);
    if (answer.code == SQLITE_DONE) answer.code = SQLITE_OK;
    return answer;
  }

  /// The first column of the first row; "error: ..." when there is one.
  std::string one(const std::string& sql) {
    const Answer answer = ask(sql);
    if (answer.code != SQLITE_OK) return "error: " + answer.error;
    return answer.rows.empty() ? "no row" : answer.rows.front();
  }

  /// What sqlite3_close() says: SQLITE_BUSY while somebody holds a statement or a blob.
  int close() { return sqlite3_close(db_.release()); }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };

  using EntryPoint = void (*)();
  static EntryPoint entry_point() {
    static void* const extension = dlopen(CAIRN_SQLITE_EXTENSION, RTLD_NOW | RTLD_LOCAL);
    if (extension == nullptr) throw std::runtime_error{"cannot load " CAIRN_SQLITE_EXTENSION};
    return reinterpret_cast<EntryPoint>(dlsym(extension, "sqlite3_cairnsqlite_init"));
  }

  static std::string row_of(sqlite3_stmt* statement) {
    std::string row;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      if (i > 0) row += '|';
      if (sqlite3_column_type(statement, i) == SQLITE_NULL) {
        row += "NULL";
        continue;
      }
      const auto* text = static_cast<const char*>(sqlite3_column_blob(statement, i));
      row.append(text == nullptr ? "" : text, static_cast<std::size_t>(sqlite3_column_bytes(statement, i)));
    }
    return row;
  }

  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace cairn::test
