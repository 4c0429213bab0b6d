#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/read_tx.hpp>

#include "sql/connection.hpp"

namespace cairn::sql {

/// The read connections: opened when first needed, lent to one read transaction at a time, first come first served.
/// The writer can pause it, so that no read transaction of ours keeps the write-ahead log from starting over.
/// Thread-safe.
class ReadPool final {
 public:
  using Open = std::function<Result<std::unique_ptr<Connection>>()>;
  struct Limits {
    std::size_t connections;
    std::chrono::milliseconds timeout;
    /// False when one thread does everything: waiting would be for ever.
    bool may_wait;
  };

  ReadPool(Open open, Limits limits, const Clock& clock) : open_{std::move(open)}, limits_{limits}, clock_{clock} {
    open_reads_.reserve(limits_.connections);
  }
  ~ReadPool();
  ReadPool(const ReadPool&) = delete;
  ReadPool& operator=(const ReadPool&) = delete;

  /// Errors: timeout, unavailable (a connection cannot be opened), cancelled (closed).
  [[nodiscard]] Result<ReadTx> begin();

  struct Usage {
    std::size_t open = 0;
    std::size_t waiting = 0;
    std::optional<std::chrono::microseconds> oldest{};  ///< since the first of the open ones began
  };
  [[nodiscard]] Usage usage() const;

  /// New reads wait from now on; running ones are given `patience` to end. False, and not paused, when one is left.
  [[nodiscard]] bool pause(std::chrono::milliseconds patience);
  void resume();
  /// While paused: closes every connection, so that the next read opens a new one.
  void drop_connections();
  /// Refuses reads for good and waits like pause(). False when one is left; may be called again.
  [[nodiscard]] bool close(std::chrono::milliseconds patience);

 private:
  friend class cairn::ReadTx;
  struct Waiter {  // on the stack of who waits
    std::condition_variable told;
    bool admitted = false;
  };

  struct Lent {
    const Connection* connection;
    SteadyTime since;
  };

  void give_back(Connection& connection) noexcept;
  [[nodiscard]] bool may_enter() const noexcept { return !paused_ && lent_ < limits_.connections; }
  void admit() noexcept;
  [[nodiscard]] Result<void> enter(std::unique_lock<std::mutex>& lock);
  void leave() noexcept;
  [[nodiscard]] bool wait_until_all_back(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds patience);

  const Open open_;
  const Limits limits_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable all_back_;
  std::deque<Waiter*> waiters_;
  std::vector<std::unique_ptr<Connection>> idle_;  // the warmest last
  std::size_t lent_ = 0;                           // admissions, with a connection or about to have one
  std::vector<Lent> open_reads_;                   // one for each that has its connection
  bool paused_ = false;
  bool closed_ = false;
};

}  // namespace cairn::sql
