#pragma once

#include <memory>

namespace cairn {

class DeadLetters;
class Executor;
class Logger;
class Timers;

/// Tries letters again when their queues' policies say so: sleeps until the next one is due, and is woken by commits
/// that give a letter a time. One per DeadLetters. Attempts run on `executor`, a few at a time, so that others on it
/// get their turn. An error of the store is logged and tried again after a minute.
class AutomaticRedrive final {
 public:
  /// All of them must outlive it. `executor` runs jobs later or elsewhere, not within post().
  AutomaticRedrive(DeadLetters& letters, Timers& timers, Executor& executor, Logger* logger = nullptr);
  /// Waits for an attempt under way; none begins afterwards.
  ~AutomaticRedrive();
  AutomaticRedrive(const AutomaticRedrive&) = delete;
  AutomaticRedrive& operator=(const AutomaticRedrive&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cairn
