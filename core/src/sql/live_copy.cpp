#include "sql/live_copy.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "sql/checksum_vfs.hpp"
#include "sql/connection.hpp"
#include "sql/store_file.hpp"

namespace cairn::sql {
namespace {

constexpr std::uint64_t step_pages_max = std::numeric_limits<int>::max();

}  // namespace
LiveCopy::LiveCopy(std::unique_ptr<StoreFile> into, std::uint32_t step_pages, std::function<std::uint64_t()> mark)
    : file_{std::move(into)}, step_pages_{std::max(step_pages, 1U)}, take_mark_{std::move(mark)} {}

LiveCopy::~LiveCopy() { end(std::nullopt); }

Result<void> LiveCopy::create() {
  auto opened = Connection::open(file_->name(), file_->vfs(), Connection::Access::create);
  if (!opened) return std::move(opened).error();
  into_ = *std::move(opened);
  int reserved = ChecksumVfs::reserved_bytes;
  sqlite3_file_control(into_->handle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  // Nothing of it counts before it is complete and synced as a whole.
  for (const std::string& pragma :
       {fmt::format("PRAGMA page_size={}", ChecksumVfs::page_bytes), std::string{"PRAGMA locking_mode=EXCLUSIVE"},
        std::string{"PRAGMA journal_mode=OFF"}, std::string{"PRAGMA synchronous=OFF"},
        std::string{"PRAGMA cache_size=-1024"}}) {
    if (const int code = into_->run(pragma); code != SQLITE_OK) return failed(code);
  }
  return {};
}

Result<void> LiveCopy::begin(Connection& source) {
  source_ = &source;
  backup_ = sqlite3_backup_init(into_->handle(), "main", source.handle(), "main");
  return backup_ != nullptr ? Result<void>{} : failed(sqlite3_extended_errcode(into_->handle()));
}

Result<CopyProgress> LiveCopy::step() {
  if (ended_) return *ended_;
  // Whatever is written, the copy comes nearer its end: a step takes twice what the store has grown by since the last
  // one, and twice as much as before when SQLite had to start over (a rollback after pages had spilled into the log).
  const auto source_pages = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup_));
  const std::uint64_t grown = total_ == 0 ? 0 : source_pages - std::min(total_, source_pages);
  total_ = source_pages;
  const std::uint64_t pages = std::max(step_pages_, 2 * grown);
  const int code = sqlite3_backup_step(backup_, static_cast<int>(std::min(pages, step_pages_max)));
  if (code == SQLITE_DONE) {
    mark_ = take_mark_();
    complete_ = true;
  } else if (code != SQLITE_OK) {
    return failed(code);
  }
  const auto total = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup_));
  const std::uint64_t copied = total - static_cast<std::uint64_t>(sqlite3_backup_remaining(backup_));
  if (copied < copied_ + pages && !complete_) step_pages_ = std::min(2 * step_pages_, step_pages_max);
  copied_ = copied;
  return CopyProgress{.pages = copied, .total = total};
}

void LiveCopy::end(std::optional<Error> why) {
  if (why && !ended_) ended_ = std::move(why);
  if (backup_ != nullptr) sqlite3_backup_finish(std::exchange(backup_, nullptr));
  into_.reset();
  source_ = nullptr;
}

Error LiveCopy::failed(int code) const {
  // SQLite does not say which of the two it was, but a bad page is the source's.
  const bool bad_page = code == SQLITE_IOERR_DATA && source_ != nullptr;
  return (bad_page ? *source_ : *into_).error(code, fmt::format("copy to {}", file_->name()));
}

}  // namespace cairn::sql
