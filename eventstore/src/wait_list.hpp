#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "open_group.hpp"
#include "waiter.hpp"

namespace cairn::log {

/// The subscriptions of a store, and which of them wait for what. The writer looks up the keys of what it published
/// and wakes whoever waits for one of them, once: the cost is that of the keys and of the woken, however many wait.
/// Outlives the store for as long as a subscription does. Thread-safe.
class WaitList final {
 public:
  enum class Outcome : unsigned char {
    waiting,  ///< rung when something is published
    behind,   ///< something was published already: read again
    fenced,   ///< rung when the store has recovered
    closed,   ///< nothing comes any more
  };

  /// How far a waiter has looked.
  struct Seen {
    std::uint64_t scanned_through = 0;
    std::uint64_t retention_seen = 0;
  };

  /// Lets `waiter` wait for what has one of `keys` (wake_key.hpp), when nothing was published after what it has
  /// `seen`. The keys must have been made after that was read.
  [[nodiscard]] Outcome wait(const std::shared_ptr<Waiter>& waiter, std::vector<std::uint64_t> keys, const Seen& seen);
  /// Takes it off the list; it counts as ready.
  void stop_waiting(const std::shared_ptr<Waiter>& waiter);

  /// The writer's.
  void published(const OpenGroup& group, bool new_names, std::uint64_t head, std::uint64_t retention_version);
  void fenced();
  void recovered(std::uint64_t head);
  /// Everybody is woken and finds the list closed.
  void close();
  /// The same, and waits for visits to end: the store goes away.
  void close_and_wait();

  void join();
  void leave();
  [[nodiscard]] bool has_members() const;

  /// While it is good, the store is there.
  class Visit {
   public:
    explicit Visit(WaitList& list) : list_{list}, good_{list.enter()} {}
    ~Visit() {
      if (good_) list_.exit();
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    [[nodiscard]] bool good() const noexcept { return good_; }

   private:
    WaitList& list_;
    bool good_;
  };

 private:
  using Waiters = std::vector<std::shared_ptr<Waiter>>;

  [[nodiscard]] bool enter();
  void exit();
  void add(const std::shared_ptr<Waiter>& waiter, std::vector<std::uint64_t> keys);
  void remove(const std::shared_ptr<Waiter>& waiter);
  void take(std::uint64_t key, Waiters& taken);
  [[nodiscard]] Waiters take_all();

  mutable std::mutex mutex_;
  std::condition_variable visits_ended_;
  boost::unordered_flat_map<std::uint64_t, Waiters> by_key_;
  boost::unordered_flat_map<const Waiter*, std::vector<std::uint64_t>> keys_of_;
  std::size_t stream_keys_ = 0;  ///< how many entries of by_key_ are streams
  std::uint64_t head_ = 0;
  std::uint64_t retention_version_ = 0;
  std::size_t members_ = 0;
  std::size_t visits_ = 0;
  bool fenced_ = false;
  bool closed_ = false;
};

}  // namespace cairn::log
