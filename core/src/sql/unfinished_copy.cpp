#include "sql/unfinished_copy.hpp"

#include <charconv>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "sql/checksum_vfs.hpp"
#include "sql/connection.hpp"
#include "sql/owner_lock.hpp"
#include "sql/store_file.hpp"

namespace cairn::sql {
namespace {

Result<void> check_free(const StoreFile& target) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    if (target.exists(suffix)) {
      return Error{Errc::already_exists, fmt::format("copy to {0}: {0}{1} is there; choose another name, or remove it",
                                                     target.name(), suffix)};
    }
  }
  return {};
}

}  // namespace

UnfinishedCopy::UnfinishedCopy(std::unique_ptr<StoreFile> target, std::unique_ptr<StoreFile> file,
                               std::unique_ptr<OwnerLock> lock)
    : target_{std::move(target)}, file_{std::move(file)}, lock_{std::move(lock)} {}

UnfinishedCopy::~UnfinishedCopy() { file_->remove_all(); }

Result<std::unique_ptr<UnfinishedCopy>> UnfinishedCopy::begin(const DatabaseOptions& target) {
  auto located = StoreFile::locate(target);
  if (!located) return std::move(located).error();
  auto file = (*located)->unfinished();
  auto lock = OwnerLock::take(*file);
  if (!lock) return std::move(lock).error();
  (*lock)->keep();
  if (auto free = check_free(**located); !free) return std::move(free).error();
  file->remove_all();  // of one that was interrupted
  if (file->exists()) return Error{Errc::unavailable, fmt::format("copy: {} cannot be removed", file->name())};
  return std::unique_ptr<UnfinishedCopy>{new UnfinishedCopy{*std::move(located), std::move(file), *std::move(lock)}};
}

// Without a journal: whatever goes wrong here, the file goes.
Result<std::uint64_t> UnfinishedCopy::note(std::optional<std::uint64_t> mark, Timestamp now) const {
  auto opened = Connection::open(file_->name(), file_->vfs(), Connection::Access::read_write);
  if (!opened) return std::move(opened).error();
  Connection& connection = **opened;
  const auto run = [&](const std::string& sql) -> Result<void> {
    const int code = connection.run(sql);
    return code == 0 ? Result<void>{} : connection.error(code, fmt::format("copy to {}: {}", target_->name(), sql));
  };
  for (const char* pragma : {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA synchronous=OFF"}) {
    if (auto done = run(pragma); !done) return std::move(done).error();
  }
  // SQLite knows that the file is in WAL mode once it has looked inside. Out of that mode it is one file, which can be
  // read from where nothing can be written.
  if (auto looked = connection.ask("PRAGMA schema_version"); !looked) return std::move(looked).error();
  auto mode = connection.ask("PRAGMA journal_mode=OFF");
  if (!mode) return std::move(mode).error();
  if (*mode != "off") return Error{Errc::unavailable, fmt::format("copy to {}: still in WAL mode", target_->name())};

  auto done =
      run("CREATE TABLE IF NOT EXISTS store_copy(number INTEGER PRIMARY KEY, kind TEXT NOT NULL, "
          "at INTEGER NOT NULL, mark INTEGER NOT NULL)");
  if (!done) return std::move(done).error();
  const bool restored = !mark;
  if (restored) {
    auto last = connection.ask(
        "SELECT mark FROM store_copy WHERE kind = 'backup' AND "
        "number = (SELECT max(number) FROM store_copy)");
    if (!last) return std::move(last).error();
    if (!*last) return Error{Errc::invalid, "restore: the file says nothing of a backup"};
    const std::string& text = **last;
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    if (const auto [stop, code] = std::from_chars(text.data(), end, number); code != std::errc{} || stop != end) {
      return Error{Errc::corrupt, fmt::format("restore: the backup's mark is {}, not a number", text)};
    }
    mark = number;
  }
  done = run(fmt::format("INSERT INTO store_copy(kind, at, mark) VALUES ('{}', {}, {})",
                         restored ? "restore" : "backup", now.time_since_epoch().count(), *mark));
  if (!done) return std::move(done).error();
  return *mark;
}

Result<DatabaseCopy> UnfinishedCopy::finish(std::optional<std::uint64_t> mark, Timestamp now) {
  auto noted = note(mark, now);
  if (!noted) return std::move(noted).error();
  if (auto synced = file_->sync(); !synced) return std::move(synced).error();
  const std::uint64_t bytes = file_->size_of("");
  // Looked at again, because it may have come meanwhile; the renaming itself replaces no store.
  if (auto free = check_free(*target_); !free) return std::move(free).error();
  if (auto renamed = file_->rename_to(*target_); !renamed) {
    // Whether the name would survive a power loss is not known. Nobody else can have made it: the copy is complete.
    if (renamed.error().code() != Errc::already_exists && !file_->exists()) target_->remove_all();
    return std::move(renamed).error();
  }
  return DatabaseCopy{.mark = *noted, .pages = bytes / ChecksumVfs::page_bytes, .bytes = bytes};
}

}  // namespace cairn::sql
