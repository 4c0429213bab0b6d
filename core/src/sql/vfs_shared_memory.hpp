#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace cairn {

/// What one handle has of its file's shared memory.
struct VfsShmHold {
  bool attached = false;
  std::uint32_t shared = 0;     ///< a bit for each lock held shared
  std::uint32_t exclusive = 0;  ///< and exclusively
};

/// The wal-index of one database between its handles: regions of memory and 8 locks
/// (https://sqlite.org/walformat.html section 2). Thread-safe.
class VfsSharedMemory {
 public:
  /// xShmMap: `*out` is the region, or null when it does not exist and `extend` is false.
  void map(VfsShmHold& hold, std::size_t region, std::size_t bytes, bool extend, void volatile** out);
  /// xShmLock: SQLITE_OK or SQLITE_BUSY.
  int lock(VfsShmHold& hold, int first, int count, int flags);
  /// Returns once every change another thread made before its own barrier or lock is visible.
  void barrier();
  /// Drops the handle's locks; the memory goes with the last handle, so that the next one recovers from the log.
  void detach(VfsShmHold& hold);

 private:
  struct Slot {
    int shared = 0;
    bool exclusive = false;
  };

  int unlock(VfsShmHold& hold, int first, int count);
  int lock_shared(VfsShmHold& hold, int first, int count);
  int lock_exclusive(VfsShmHold& hold, int first, int count);
  Slot& slot(int index) { return slots_[static_cast<std::size_t>(index)]; }

  std::mutex mutex_;
  std::vector<std::unique_ptr<std::uint64_t[]>> regions_;
  std::array<Slot, 8> slots_;
  int handles_ = 0;
};

}  // namespace cairn
