#include "core/sql/vfs_workload.hpp"

#include <memory>
#include <sstream>

#include "core/sql/vfs_connection.hpp"

namespace cairn::test {
namespace {

/// A row's content from its id: 2 to 12,000 bytes, so some rows have overflow pages.
constexpr const char* content = "replace(hex(zeroblob(1 + id * 3989 % 6000)), '0', char(97 + id % 26))";

std::string insert(int id) {
  return "INSERT INTO t(id, x) SELECT id, " + std::string{content} + " FROM (SELECT " + std::to_string(id) + " AS id)";
}

std::string wrong_content() { return "SELECT count(*) FROM t WHERE x IS NOT " + std::string{content}; }

}  // namespace

/// The connections between one opening and the next.
class VfsWorkload::Session {
 public:
  Session(const std::string& vfs, std::string settings)
      : settings_{std::move(settings)}, writer_{vfs, "store.db"}, reader_{vfs, "store.db"} {}

  VfsConnection& writer() { return writer_; }
  VfsConnection& reader() { return reader_; }

  /// Whether the store is there and in WAL mode; tried again before each row until it is.
  bool ready() {
    if (ready_) return true;
    if (writer_.get() == nullptr || make_store(writer_) != SQLITE_OK) return false;
    writer_.exec(settings_);
    ready_ = writer_.rows("PRAGMA journal_mode") == "wal\n" &&
             writer_.exec(
                 "CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, x TEXT);"
                 "CREATE INDEX IF NOT EXISTS by_size ON t(length(x), id)") == SQLITE_OK;
    return ready_;
  }

 private:
  std::string settings_;
  VfsConnection writer_;
  VfsConnection reader_;
  bool ready_ = false;
};

void VfsWorkload::run(int rows) {
  auto session = std::make_unique<Session>(vfs_, settings_);
  const int first = tried_.empty() ? 1 : *tried_.rbegin() + 1;
  for (int id = first; id < first + rows; ++id) {
    if (id == first + rows / 2) {
      session.reset();
      session = std::make_unique<Session>(vfs_, settings_);
    }
    if (!session->ready()) continue;
    VfsConnection& writer = session->writer();
    tried_.insert(id);
    if (writer.exec(insert(id)) == SQLITE_OK) acknowledged_.insert(id);
    if (sqlite3_get_autocommit(writer.get()) == 0) writer.exec("ROLLBACK");
    if (id % 2 == 0) writer.exec("DELETE FROM t WHERE id < 0; PRAGMA wal_checkpoint(PASSIVE)");
    if (id % 3 == 0) writer.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    if (auto [code, ids] = session->reader().query("SELECT id FROM t ORDER BY id"); code == SQLITE_OK) {
      wrong_answers_ += compare(ids);
    }
    if (auto [code, wrong] = session->reader().query(wrong_content()); code == SQLITE_OK && wrong != "0\n") {
      wrong_answers_ += "rows with wrong content: " + wrong;
    }
  }
}

std::string VfsWorkload::check(const std::string& vfs) const {
  VfsConnection db{vfs, "store.db"};
  if (make_store(db) != SQLITE_OK) return "open: " + std::string{sqlite3_errmsg(db.get())};
  if (const auto sound = db.rows("PRAGMA integrity_check"); sound != "ok\n") return "integrity_check: " + sound;
  const bool made = db.rows("SELECT count(*) FROM sqlite_schema WHERE name = 't'") == "1\n";
  if (!made && !acknowledged_.empty()) return "the table is gone";
  if (made) {
    const auto ids = db.rows("SELECT id FROM t ORDER BY id");
    if (auto wrong = compare(ids); !wrong.empty()) return wrong;
    if (const auto wrong = db.rows(wrong_content()); wrong != "0\n") return "rows with wrong content: " + wrong;
  }
  const auto written = db.rows(
      "CREATE TABLE after_crash(x); INSERT INTO after_crash VALUES(zeroblob(30000));"
      "PRAGMA wal_checkpoint(TRUNCATE); SELECT length(x) FROM after_crash");
  return written == "0|0|0\n30000\n" ? "" : "writing on: " + written;
}

std::string VfsWorkload::compare(const std::string& ids) const {
  std::istringstream lines{ids};
  std::set<int> found;
  for (int id = 0; lines >> id;) found.insert(id);
  std::string wrong;
  for (const int id : acknowledged_) {
    if (!found.contains(id)) wrong += "row " + std::to_string(id) + " was acknowledged and is gone\n";
  }
  for (const int id : found) {
    if (!tried_.contains(id)) wrong += "row " + std::to_string(id) + " was never written\n";
  }
  if (!lines.eof()) wrong += "not a list of ids: " + ids;
  return wrong;
}

}  // namespace cairn::test
