#pragma once

#include <cairn/core/move_only_function.hpp>

namespace cairn {

/// Something an executor runs once. It must not throw: what comes from a user goes through call_user first, and an
/// exception that gets out ends the process.
using Job = MoveOnlyFunction<void()>;

/// Where work runs. Handed in, so that the embedder owns the threads and a test can step them. Thread-safe.
///
/// The queue has no bound of its own: a post that waited could wait for itself, and one that refused would lose a
/// completion. Whoever posts bounds what it has outstanding; the library's own parts post at most a few jobs each.
class Executor {
 public:
  virtual ~Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// Runs `job` once, some time. Jobs of one thread start in the order they were posted; where several threads
  /// serve the executor, they overlap.
  virtual void post(Job job) = 0;

 protected:
  Executor() = default;
};

}  // namespace cairn
