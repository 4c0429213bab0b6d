#include "sql/read_pool.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include <cairn/core/invariant.hpp>

namespace cairn {

ReadTx::ReadTx(ReadTx&& other) noexcept : SqlReader{other.connection()}, pool_{std::exchange(other.pool_, nullptr)} {}

ReadTx::~ReadTx() {
  if (pool_ != nullptr) pool_->give_back(connection());
}

}  // namespace cairn

namespace cairn::sql {

ReadPool::Usage ReadPool::usage() const {
  const SteadyTime now = clock_.steady_now();
  const std::lock_guard lock{mutex_};
  Usage usage{.open = open_reads_.size(), .waiting = waiters_.size()};
  for (const Lent& lent : open_reads_) {
    const auto age = std::chrono::duration_cast<std::chrono::microseconds>(now - lent.since);
    usage.oldest = std::max(age, usage.oldest.value_or(std::chrono::microseconds::zero()));
  }
  return usage;
}

ReadPool::~ReadPool() { invariant(lent_ == 0, "a read transaction outlives its database"); }

Result<ReadTx> ReadPool::begin() {
  std::unique_ptr<Connection> connection;
  {
    std::unique_lock lock{mutex_};
    if (auto entered = enter(lock); !entered) return std::move(entered).error();
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (connection == nullptr) {
    auto opened = open_();
    if (!opened) {
      leave();
      return std::move(opened).error();
    }
    connection = *std::move(opened);
  }
  connection->clear_trouble();
  if (const int code = connection->run("BEGIN"); code != SQLITE_OK) {
    Error error = connection->error(code, "begin a read");
    connection.reset();
    leave();
    return error;
  }
  const SteadyTime now = clock_.steady_now();
  {
    const std::lock_guard lock{mutex_};
    open_reads_.push_back({connection.get(), now});
  }
  return ReadTx{*connection.release(), *this};
}

Result<void> ReadPool::enter(std::unique_lock<std::mutex>& lock) {
  if (closed_) return Error{Errc::cancelled, "the database is closed"};
  if (waiters_.empty() && may_enter()) {
    ++lent_;
    return {};
  }
  const SteadyTime deadline = clock_.steady_now() + limits_.timeout;
  Waiter waiter;
  if (limits_.may_wait) waiters_.push_back(&waiter);
  while (limits_.may_wait && !waiter.admitted && !closed_) {
    const auto left = deadline - clock_.steady_now();
    if (left <= SteadyTime::duration::zero()) break;
    waiter.told.wait_for(lock, left);
  }
  if (waiter.admitted) return {};
  std::erase(waiters_, &waiter);
  if (closed_) return Error{Errc::cancelled, "the database is closed"};
  return Error{Errc::timeout,
               fmt::format("read: {} readers are busy{}", lent_, paused_ ? ", and reads are paused" : "")};
}

void ReadPool::admit() noexcept {
  while (!waiters_.empty() && may_enter()) {
    Waiter& waiter = *waiters_.front();
    waiters_.pop_front();
    ++lent_;
    waiter.admitted = true;
    waiter.told.notify_one();  // under the lock: the waiter may be gone after it
  }
}

void ReadPool::leave() noexcept {
  const std::lock_guard lock{mutex_};
  --lent_;
  admit();
  if (lent_ == 0) all_back_.notify_all();
}

void ReadPool::give_back(Connection& connection) noexcept {
  std::unique_ptr<Connection> owned{&connection};
  owned->close_blobs();
  if (owned->in_transaction()) (void)owned->run("COMMIT");
  const bool usable = !owned->in_transaction();  // else the next read opens another
  {
    const std::lock_guard lock{mutex_};
    std::erase_if(open_reads_, [&connection](const Lent& lent) { return lent.connection == &connection; });
    if (usable) idle_.push_back(std::move(owned));
  }
  owned.reset();
  leave();
}

bool ReadPool::wait_until_all_back(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds patience) {
  if (!limits_.may_wait) return lent_ == 0;
  return all_back_.wait_for(lock, patience, [this] { return lent_ == 0; });
}

bool ReadPool::pause(std::chrono::milliseconds patience) {
  std::unique_lock lock{mutex_};
  paused_ = true;
  if (wait_until_all_back(lock, patience)) return true;
  paused_ = false;
  admit();
  return false;
}

void ReadPool::resume() {
  const std::lock_guard lock{mutex_};
  paused_ = false;
  admit();
}

void ReadPool::drop_connections() {
  std::vector<std::unique_ptr<Connection>> dropped;
  const std::lock_guard lock{mutex_};
  dropped.swap(idle_);
}

bool ReadPool::close(std::chrono::milliseconds patience) {
  std::unique_lock lock{mutex_};
  closed_ = true;
  for (Waiter* const waiter : waiters_) waiter->told.notify_one();
  if (!wait_until_all_back(lock, patience)) return false;
  idle_.clear();
  return true;
}

}  // namespace cairn::sql
