#pragma once

#include <memory>

#include <cairn/core/result.hpp>

namespace cairn::sql {

class StoreFile;

/// What makes this process the one owner of a store: an exclusive lock on "<file>.lock" beside it, with the owner's
/// process id inside. Held by an open file (flock on disk), so it is gone with the process, however that ends, and
/// excludes a second owner in the same process, too. A process forked from the owner holds it until it ends or execs.
class OwnerLock {
 public:
  /// Errors: busy_owner (number "pid"; 0 when the owner has not written it yet), unavailable (cannot create the file).
  [[nodiscard]] static Result<std::unique_ptr<OwnerLock>> take(const StoreFile& store);

  virtual ~OwnerLock() = default;
  OwnerLock(const OwnerLock&) = delete;
  OwnerLock& operator=(const OwnerLock&) = delete;

  /// The store is ours: the destructor removes the lock file. Without this call it leaves things as they were, a
  /// lock file that a dead owner left behind included.
  virtual void keep() noexcept = 0;

 protected:
  OwnerLock() = default;
};

}  // namespace cairn::sql
