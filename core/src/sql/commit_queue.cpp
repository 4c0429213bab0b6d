#include "sql/commit_queue.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <cairn/core/sql/database.hpp>

namespace cairn::sql {

bool CommitQueue::has_room(std::size_t bytes) const noexcept {
  // One unit larger than the bound is let in alone: it could never go otherwise.
  return units_.empty() || (units_.size() < limits_.units_max && bytes_ + bytes <= limits_.bytes_max);
}

void CommitQueue::add(Entry entry) {
  units_.push_back(entry);
  bytes_ += entry.bytes;
}

void CommitQueue::let_in() {
  while (!producers_.empty() && has_room(producers_.front()->entry.bytes)) {
    Producer& producer = *producers_.front();
    producers_.pop_front();
    add(producer.entry);
    producer.answer.emplace();
    producer.told.notify_one();  // under the lock: the producer may be gone after it
  }
}

Result<void> CommitQueue::push(QueuedUnit& unit, bool may_wait) {
  std::unique_lock lock{mutex_};
  if (refusal_) return *refusal_;
  const Entry entry{&unit, unit.size_bytes()};
  if (producers_.empty() && has_room(entry.bytes)) {
    add(entry);
    const bool wake = std::exchange(writer_sleeps_, false);
    lock.unlock();
    if (wake) work_.notify_one();
    return {};
  }

  const SteadyTime deadline = clock_.steady_now() + limits_.timeout;
  Producer producer{entry, {}, {}};
  if (may_wait) producers_.push_back(&producer);
  while (may_wait && !producer.answer) {
    const auto left = deadline - clock_.steady_now();
    if (left <= SteadyTime::duration::zero()) break;
    producer.told.wait_for(lock, left);
  }
  if (producer.answer) return *std::move(producer.answer);
  if (may_wait) std::erase(producers_, &producer);
  return Error{Errc::timeout, fmt::format("queue a unit: {} units and {} bytes wait already", units_.size(), bytes_)};
}

Result<void> CommitQueue::push_background(QueuedUnit& unit) {
  std::unique_lock lock{mutex_};
  if (refusal_) return *refusal_;
  background_.push_back(&unit);
  // Who sleeps for other things must be found asleep by them.
  const bool wake = sleeps_for_background_ && std::exchange(writer_sleeps_, false);
  lock.unlock();
  if (wake) work_.notify_one();
  return {};
}

Result<void> CommitQueue::push_errand(Errand errand) {
  std::unique_lock lock{mutex_};
  if (stopped_) return Error{Errc::cancelled, "the database is closed"};
  errands_.push_back(std::move(errand));
  const bool wake = std::exchange(writer_sleeps_, false);
  lock.unlock();
  if (wake) work_.notify_one();
  return {};
}

void CommitQueue::take(std::vector<QueuedUnit*>& units, std::size_t units_max, std::size_t bytes_max) {
  const std::lock_guard lock{mutex_};
  std::size_t bytes = 0;
  while (!units_.empty() && units.size() < units_max) {
    const Entry entry = units_.front();
    if (!units.empty() && bytes + entry.bytes > bytes_max) break;
    units_.pop_front();
    bytes_ -= entry.bytes;
    bytes += entry.bytes;
    units.push_back(entry.unit);
  }
  let_in();
}

std::optional<CommitQueue::Errand> CommitQueue::take_errand() {
  const std::lock_guard lock{mutex_};
  if (errands_.empty()) return std::nullopt;
  Errand errand = std::move(errands_.front());
  errands_.pop_front();
  return errand;
}

QueuedUnit* CommitQueue::take_background() {
  const std::lock_guard lock{mutex_};
  if (background_.empty()) return nullptr;
  QueuedUnit* const unit = background_.front();
  background_.pop_front();
  return unit;
}

bool CommitQueue::has_background() const {
  const std::lock_guard lock{mutex_};
  return !background_.empty();
}

CommitQueue::Found CommitQueue::wait(std::optional<std::chrono::microseconds> patience, bool for_background) {
  std::unique_lock lock{mutex_};
  const auto has_work = [this] { return !units_.empty() || !errands_.empty(); };
  const auto has_background = [&] { return for_background && !background_.empty(); };
  const auto awake = [&] { return has_work() || stopped_ || has_background(); };
  if (!awake()) {
    writer_sleeps_ = true;
    sleeps_for_background_ = for_background;
    if (patience) {
      work_.wait_for(lock, *patience, awake);
    } else {
      work_.wait(lock, awake);
    }
    writer_sleeps_ = false;
  }
  if (has_work()) return Found::work;
  if (stopped_) return Found::stop;
  return has_background() ? Found::background : Found::nothing;
}

bool CommitQueue::quiet() const {
  const std::lock_guard lock{mutex_};
  return units_.empty() && errands_.empty() && background_.empty() && !stopped_;
}

void CommitQueue::refuse(const Error& reason) {
  const std::lock_guard lock{mutex_};
  refusal_ = reason;
  for (Producer* const producer : std::exchange(producers_, {})) {
    producer->answer.emplace(reason);
    producer->told.notify_one();
  }
}

void CommitQueue::accept() {
  const std::lock_guard lock{mutex_};
  refusal_.reset();
}

void CommitQueue::stop() {
  const std::lock_guard lock{mutex_};
  stopped_ = true;
  writer_sleeps_ = false;
  work_.notify_one();
}

}  // namespace cairn::sql
