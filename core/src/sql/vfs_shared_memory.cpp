#include "sql/vfs_shared_memory.hpp"

#include <sqlite3.h>

namespace cairn {
namespace {

constexpr std::uint32_t bit(int index) { return std::uint32_t{1} << static_cast<unsigned>(index); }

}  // namespace

void VfsSharedMemory::map(VfsShmHold& hold, std::size_t region, std::size_t bytes, bool extend, void volatile** out) {
  const std::lock_guard lock{mutex_};
  if (!hold.attached) {
    hold.attached = true;
    ++handles_;
  }
  *out = nullptr;
  if (region >= regions_.size()) {
    if (!extend) return;
    regions_.resize(region + 1);
  }
  auto& memory = regions_[region];
  if (!memory) {
    if (!extend) return;
    memory = std::make_unique<std::uint64_t[]>(bytes / sizeof(std::uint64_t));
  }
  *out = memory.get();
}

int VfsSharedMemory::lock(VfsShmHold& hold, int first, int count, int flags) {
  const std::lock_guard guard{mutex_};
  if ((flags & SQLITE_SHM_UNLOCK) != 0) return unlock(hold, first, count);
  return (flags & SQLITE_SHM_SHARED) != 0 ? lock_shared(hold, first, count) : lock_exclusive(hold, first, count);
}

int VfsSharedMemory::unlock(VfsShmHold& hold, int first, int count) {
  for (int i = first; i < first + count; ++i) {
    if ((hold.exclusive & bit(i)) != 0) slot(i).exclusive = false;
    if ((hold.shared & bit(i)) != 0) --slot(i).shared;
    hold.exclusive &= ~bit(i);
    hold.shared &= ~bit(i);
  }
  return SQLITE_OK;
}

int VfsSharedMemory::lock_shared(VfsShmHold& hold, int first, int count) {
  for (int i = first; i < first + count; ++i) {
    if (slot(i).exclusive) return SQLITE_BUSY;
  }
  for (int i = first; i < first + count; ++i) {
    if ((hold.shared & bit(i)) == 0) ++slot(i).shared;
    hold.shared |= bit(i);
  }
  return SQLITE_OK;
}

int VfsSharedMemory::lock_exclusive(VfsShmHold& hold, int first, int count) {
  for (int i = first; i < first + count; ++i) {
    const bool ours = (hold.exclusive & bit(i)) != 0;
    if (!ours && (slot(i).exclusive || slot(i).shared > 0)) return SQLITE_BUSY;
  }
  for (int i = first; i < first + count; ++i) {
    slot(i).exclusive = true;
    hold.exclusive |= bit(i);
  }
  return SQLITE_OK;
}

void VfsSharedMemory::barrier() {
  // Not std::atomic_thread_fence, which does not build under ThreadSanitizer; SQLite's own barrier is this one, too.
  __sync_synchronize();
  const std::lock_guard lock{mutex_};
}

void VfsSharedMemory::detach(VfsShmHold& hold) {
  const std::lock_guard lock{mutex_};
  if (!hold.attached) return;
  unlock(hold, 0, static_cast<int>(slots_.size()));
  hold = {};
  if (--handles_ == 0) regions_.clear();
}

}  // namespace cairn
