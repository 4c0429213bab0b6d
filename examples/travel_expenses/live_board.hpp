#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/event_store.hpp>

namespace travel_expenses {

/// How many declarations stand where.
struct Board {
  std::uint64_t events = 0;
  std::map<std::string, std::uint64_t> declarations;  ///< by what happened to them last: "paid"

  /// "10,044 paid, 120 rejected", most frequent first.
  [[nodiscard]] std::string to_string() const;
};

/// A board that is up to date while others append: a subscription from the beginning of the log, on a thread of its
/// own, which ends with the object. The store must outlive it. Thread-safe.
class LiveBoard {
 public:
  [[nodiscard]] static cairn::Result<std::unique_ptr<LiveBoard>> follow(const cairn::EventStore& store);
  LiveBoard(const LiveBoard&) = delete;
  LiveBoard& operator=(const LiveBoard&) = delete;

  [[nodiscard]] Board now() const;
  /// The board once everything up to `position` is on it. Errors: what ended the subscription.
  [[nodiscard]] cairn::Result<Board> wait_for(cairn::GlobalPosition position) const;

 private:
  explicit LiveBoard(cairn::Subscription subscription);
  void run(cairn::Subscription subscription, const std::stop_token& stop);
  void show(const cairn::Subscription::Batch& batch);

  mutable std::mutex mutex_;
  mutable std::condition_variable moved_;
  Board board_;
  cairn::GlobalPosition through_;
  std::optional<cairn::Error> ended_;
  std::unordered_map<std::string, std::string> last_;  // by stream
  std::jthread thread_;                                // last: it uses the others
};

}  // namespace travel_expenses
