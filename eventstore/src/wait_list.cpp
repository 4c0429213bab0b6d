#include "wait_list.hpp"

#include <algorithm>
#include <utility>

#include "frame.hpp"
#include "wake_key.hpp"

namespace cairn::log {

namespace {

void ring(const std::vector<std::shared_ptr<Waiter>>& waiters) {
  for (const auto& waiter : waiters) waiter->ring();
}

}  // namespace

WaitList::Outcome WaitList::wait(const std::shared_ptr<Waiter>& waiter, std::vector<std::uint64_t> keys,
                                 const Seen& seen) {
  const std::lock_guard lock{mutex_};
  if (closed_) return Outcome::closed;
  if (head_ > seen.scanned_through || retention_version_ > seen.retention_seen) return Outcome::behind;
  remove(waiter);
  add(waiter, std::move(keys));
  waiter->rest();
  return fenced_ ? Outcome::fenced : Outcome::waiting;
}

void WaitList::stop_waiting(const std::shared_ptr<Waiter>& waiter) {
  {
    const std::lock_guard lock{mutex_};
    remove(waiter);
  }
  waiter->ring();
}

void WaitList::published(const OpenGroup& group, bool new_names, std::uint64_t head, std::uint64_t retention_version) {
  Waiters woken;
  {
    const std::lock_guard lock{mutex_};
    head_ = head;
    retention_version_ = retention_version;
    if (by_key_.empty()) return;
    for (const std::uint64_t key : group.deleted_streams) take(key, woken);
    if (!group.frames.empty()) take(any_event_key, woken);
    if (new_names) take(new_name_key, woken);
    for (const std::uint64_t key : group.keys) take(key, woken);
    for (std::size_t i = 0; i < group.frames.size() && stream_keys_ > 0; ++i) {
      if (const auto frame = decode_verified_frame(group.frames[i])) take(stream_wake_key(frame->stream_name), woken);
    }
  }
  ring(woken);
}

void WaitList::fenced() {
  Waiters woken;
  {
    const std::lock_guard lock{mutex_};
    fenced_ = true;
    woken = take_all();
  }
  ring(woken);
}

void WaitList::recovered(std::uint64_t head) {
  Waiters woken;
  {
    const std::lock_guard lock{mutex_};
    fenced_ = false;
    head_ = head;
    woken = take_all();
  }
  ring(woken);
}

void WaitList::close() {
  Waiters woken;
  {
    const std::lock_guard lock{mutex_};
    closed_ = true;
    woken = take_all();
  }
  ring(woken);
}

void WaitList::close_and_wait() {
  close();
  std::unique_lock lock{mutex_};
  visits_ended_.wait(lock, [this] { return visits_ == 0; });
}

void WaitList::join() {
  const std::lock_guard lock{mutex_};
  ++members_;
}

void WaitList::leave() {
  const std::lock_guard lock{mutex_};
  --members_;
}

bool WaitList::has_members() const {
  const std::lock_guard lock{mutex_};
  return members_ > 0;
}

bool WaitList::enter() {
  const std::lock_guard lock{mutex_};
  if (closed_) return false;
  ++visits_;
  return true;
}

void WaitList::exit() {
  const std::lock_guard lock{mutex_};
  if (--visits_ == 0) visits_ended_.notify_all();
}

void WaitList::add(const std::shared_ptr<Waiter>& waiter, std::vector<std::uint64_t> keys) {
  for (const std::uint64_t key : keys) {
    Waiters& waiters = by_key_[key];
    if (waiters.empty() && is_stream_wake_key(key)) ++stream_keys_;
    waiters.push_back(waiter);
  }
  keys_of_.emplace(waiter.get(), std::move(keys));
}

void WaitList::remove(const std::shared_ptr<Waiter>& waiter) {
  const auto found = keys_of_.find(waiter.get());
  if (found == keys_of_.end()) return;
  for (const std::uint64_t key : found->second) {
    const auto entry = by_key_.find(key);
    if (entry == by_key_.end()) continue;  // take() is at this one
    std::erase(entry->second, waiter);
    if (!entry->second.empty()) continue;
    if (is_stream_wake_key(key)) --stream_keys_;
    by_key_.erase(entry);
  }
  keys_of_.erase(found);
}

void WaitList::take(std::uint64_t key, Waiters& taken) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  const Waiters waiters = std::move(found->second);
  if (is_stream_wake_key(key)) --stream_keys_;
  by_key_.erase(found);
  for (const auto& waiter : waiters) {
    remove(waiter);
    taken.push_back(waiter);
  }
}

WaitList::Waiters WaitList::take_all() {
  Waiters taken;
  while (!by_key_.empty()) take(by_key_.begin()->first, taken);
  return taken;
}

}  // namespace cairn::log
