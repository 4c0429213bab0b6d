#include "sql/checkpointer.hpp"

#include <chrono>
#include <utility>

#include <sqlite3.h>

#include "sql/checksum_vfs.hpp"
#include "sql/connection.hpp"
#include "sql/read_pool.hpp"
#include "sql/sqlite_error.hpp"
#include "sql/writer_counters.hpp"

namespace cairn::sql {
namespace {

// A write-ahead log is a header of 32 bytes and frames of a 24-byte header and a page:
// https://sqlite.org/fileformat2.html#walformat
constexpr std::uint64_t frame_bytes = 24 + ChecksumVfs::page_bytes;
constexpr std::uint64_t log_header_bytes = 32;

// Read transactions of ours are short steps. One that is not may belong to a thread that waits for the writer, so
// the writer does not wait for it.
constexpr std::chrono::milliseconds pause_patience{100};

bool is_failed_sync(int code) noexcept { return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC; }

}  // namespace

Checkpointer::Checkpointer(Connection& connection, ReadPool& readers, WriterCounters& counters, Logger& logger,
                           Limits limits)
    : connection_{connection}, readers_{readers}, counters_{counters}, logger_{logger}, limits_{limits} {
  sqlite3_wal_hook(
      connection_.handle(),
      [](void* self, sqlite3*, const char*, int frames) {
        static_cast<Checkpointer*>(self)->committed(static_cast<std::uint64_t>(frames));
        return SQLITE_OK;
      },
      this);
}

Checkpointer::~Checkpointer() { sqlite3_wal_hook(connection_.handle(), nullptr, nullptr); }

void Checkpointer::committed(std::uint64_t frames) {
  if (frames < frames_) copied_ = retry_at_ = restart_at_ = 0;  // the log started over
  frames_ = frames;
  note_size();
}

void Checkpointer::note_size() {
  const std::uint64_t bytes = frames_ == 0 ? 0 : log_header_bytes + frames_ * frame_bytes;
  counters_.wal_pages.store(frames_, std::memory_order_relaxed);
  counters_.wal_pages_copied.store(copied_, std::memory_order_relaxed);
  counters_.wal_bytes.store(bytes, std::memory_order_relaxed);
  raise_to(counters_.wal_bytes_peak, bytes);
}

Result<void> Checkpointer::after_commit() {
  if (frames_ * frame_bytes > limits_.wal_bytes_max && frames_ >= restart_at_) return restart();
  if (frames_ - copied_ >= limits_.pages && frames_ >= retry_at_) return copy(SQLITE_CHECKPOINT_PASSIVE);
  return {};
}

Result<void> Checkpointer::when_idle() {
  if (frames_ - copied_ < limits_.idle_pages || frames_ < retry_at_) return {};
  return copy(SQLITE_CHECKPOINT_PASSIVE);
}

Result<void> Checkpointer::restart() {
  if (!readers_.pause(pause_patience)) {
    logger_.warning("database.reader_holds_log", {{"wal_bytes", frames_ * frame_bytes}});
    restart_at_ = frames_ + limits_.pages;
    return copy(SQLITE_CHECKPOINT_PASSIVE);
  }
  auto outcome = copy(SQLITE_CHECKPOINT_RESTART);
  readers_.resume();
  restart_at_ = frames_ + limits_.pages;
  return outcome;
}

Result<void> Checkpointer::truncate() {
  const int code =
      sqlite3_wal_checkpoint_v2(connection_.handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK) {
    Error error = connection_.error(code, "checkpoint");
    return is_failed_sync(code) ? Error{Errc::outcome_unknown, error.message()} : error;
  }
  count(counters_.checkpoints);
  frames_ = copied_ = retry_at_ = restart_at_ = 0;
  note_size();
  return {};
}

Result<void> Checkpointer::copy(int mode) {
  int frames = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(connection_.handle(), "main", mode, &frames, &copied);
  if (code == SQLITE_OK || code == SQLITE_BUSY) {
    if (frames >= 0) frames_ = static_cast<std::uint64_t>(frames);
    if (copied >= 0) copied_ = static_cast<std::uint64_t>(copied);
    if (code == SQLITE_OK) count(counters_.checkpoints);
    note_size();
    // The rest is held back by a reader: another try at every commit would not get further.
    retry_at_ = copied_ < frames_ ? frames_ + limits_.pages : 0;
    return {};
  }
  retry_at_ = restart_at_ = frames_ + limits_.pages;
  const Error error = connection_.error(code, "checkpoint");
  logger_.error("database.checkpoint_failed", {{"error", error.message()}});
  if (is_failed_sync(code)) return Error{Errc::outcome_unknown, error.message()};
  return {};  // the log still has everything; the next one copies it again
}

}  // namespace cairn::sql
