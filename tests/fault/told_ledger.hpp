#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/eventstore/event_store.hpp>

#include "fault/append_request.hpp"
#include "fault/errors.hpp"

namespace cairn::test {

/// What clients were told about what they asked for; a log can be held against it.
class ToldLedger {
 public:
  /// The request is on its way: from now until its outcome is told it may be in the log as a whole, or not at all.
  std::size_t asked(AppendRequest request);
  /// Success: it is where it says. outcome_unknown: as before. Any other error: it is not there, now or later.
  void told(std::size_t number, const Result<std::vector<Appended>>& outcome);

  [[nodiscard]] const AppendRequest& request(std::size_t number) const { return entries_[number].request; }
  /// The place of an acknowledged request; nothing otherwise.
  [[nodiscard]] const std::vector<Appended>* place(std::size_t number) const;
  /// Requests without a known outcome, in the order they were asked.
  [[nodiscard]] std::vector<std::size_t> open_requests() const;
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::size_t acknowledged() const noexcept { return acknowledged_; }

  /// Acknowledged events of `stream`, the revision a careful client expects next.
  [[nodiscard]] std::uint64_t events_of(std::string_view stream) const;
  /// Whether an acknowledged event has `tag`.
  [[nodiscard]] bool has_tag(std::string_view tag) const { return tags_.contains(tag); }

  /// What is wrong with `log`, the whole log in order; empty when every acknowledged event is in its place, open
  /// requests are there as a whole or not at all, and nothing else is there.
  [[nodiscard]] std::string lie(std::span<const OwnedEvent> log) const;

  /// Finds out what became of open requests, as a client does after recover(): by resolve(), and by asking again
  /// with the same ids, which must give the original place or a fresh one. Returns what is wrong with the answers.
  /// When errors are allowed, what could not be found out stays open.
  [[nodiscard]] std::string settle(EventStore& store, Errors errors = Errors::forbidden);

 private:
  enum class Known : unsigned char { open, acknowledged, refused };
  struct Entry {
    AppendRequest request;
    Known known = Known::open;
    std::vector<Appended> place{};
  };
  using Index = std::map<Uuid, const OwnedEvent*>;

  [[nodiscard]] static std::string lie_of(const Entry& entry, const Index& by_id, std::size_t& present);
  [[nodiscard]] static std::string displaced(const AppendRequest::Part& part, const Appended& place,
                                             const Index& by_id);
  [[nodiscard]] Result<std::string> settle_one(EventStore& store, std::size_t number);

  std::vector<Entry> entries_;
  std::map<std::string, std::uint64_t, std::less<>> stream_events_;
  std::map<std::string, std::uint64_t, std::less<>> tags_;
  std::size_t acknowledged_ = 0;
};

}  // namespace cairn::test
