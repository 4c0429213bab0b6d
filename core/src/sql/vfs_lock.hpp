#pragma once

#include <mutex>

namespace cairn {

/// The lock of one database file between its handles: SQLITE_LOCK_NONE to SQLITE_LOCK_EXCLUSIVE
/// (https://sqlite.org/lockingv3.html section 3). Each handle keeps its own level. Thread-safe.
class VfsLock {
 public:
  /// SQLITE_OK or SQLITE_BUSY. A failed wish for EXCLUSIVE leaves PENDING, which keeps new readers out.
  int raise(const void* handle, int& level, int wanted);
  void lower(const void* handle, int& level, int wanted);
  /// Whether any handle is at RESERVED or above.
  [[nodiscard]] bool reserved() const;

 private:
  mutable std::mutex mutex_;
  int readers_ = 0;               // handles at SHARED or above
  const void* writer_ = nullptr;  // the handle at RESERVED or above
  bool pending_ = false;          // the writer is at PENDING or above
};

}  // namespace cairn
