#include "sql/vfs_lock.hpp"

#include <sqlite3.h>

namespace cairn {

int VfsLock::raise(const void* handle, int& level, int wanted) {
  const std::lock_guard lock{mutex_};
  if (level >= wanted) return SQLITE_OK;
  if (level == SQLITE_LOCK_NONE) {
    if (pending_) return SQLITE_BUSY;
    ++readers_;
    level = SQLITE_LOCK_SHARED;
    if (wanted == SQLITE_LOCK_SHARED) return SQLITE_OK;
  }
  if (writer_ != nullptr && writer_ != handle) return SQLITE_BUSY;
  writer_ = handle;
  if (wanted == SQLITE_LOCK_RESERVED) {
    level = SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
  }
  pending_ = true;
  level = SQLITE_LOCK_PENDING;
  if (readers_ > 1) return SQLITE_BUSY;
  level = SQLITE_LOCK_EXCLUSIVE;
  return SQLITE_OK;
}

void VfsLock::lower(const void* handle, int& level, int wanted) {
  const std::lock_guard lock{mutex_};
  if (level <= wanted) return;
  if (writer_ == handle) {
    writer_ = nullptr;
    pending_ = false;
  }
  if (wanted == SQLITE_LOCK_NONE) --readers_;
  level = wanted;
}

bool VfsLock::reserved() const {
  const std::lock_guard lock{mutex_};
  return writer_ != nullptr;
}

}  // namespace cairn
