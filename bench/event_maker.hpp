#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <cairn/core/random.hpp>
#include <cairn/eventstore/append.hpp>
#include <cairn/eventstore/new_event.hpp>

#include "stream_names.hpp"

namespace cairn::bench {

inline constexpr std::size_t data_bytes = 256;
/// As encoded: correlation id, causation id, occurred at (43 bytes) and, in 17 bytes, a header or two tags.
inline constexpr std::size_t metadata_bytes = 60;
inline constexpr std::size_t type_count = 8;
/// One event in ten carries two tags: "c:" and one of these, "o:" and one of those.
inline constexpr std::size_t customer_tags = 100'000;
inline constexpr std::size_t order_tags = 10'000;
inline constexpr double tags_per_event = 0.2;

/// Makes the events of every measurement: ids in order of time, 8 types, JSON of 256 bytes, metadata of 60 bytes, two
/// tags on a tenth of them. The same seed makes the same events. One thread's.
class EventMaker {
 public:
  explicit EventMaker(std::uint64_t seed);

  /// Overwrites `event`, reusing its memory: some 100 ns, so that making events hardly shows in what is measured.
  void make(NewEvent& event);
  /// The same with these two tags.
  void make_tagged(NewEvent& event, std::string customer, std::string order);
  [[nodiscard]] std::string customer_tag();
  [[nodiscard]] std::string order_tag();
  /// Which of the types make() chose last.
  [[nodiscard]] std::size_t type() const { return type_; }
  [[nodiscard]] SeededRandom& random() { return random_; }

 private:
  SeededRandom random_;
  std::uint64_t made_ = 0;
  std::size_t type_ = 0;
  Bytes data_;
};

/// Events for as many different streams, chosen uniformly, in memory that is used again.
class UniformBatch {
 public:
  UniformBatch(const StreamNames& names, std::size_t size);

  /// New events for newly chosen streams.
  void fill(EventMaker& maker);
  /// New events for streams `first`, `first + 1`, ...: how streams come to exist beforehand.
  void fill_from(EventMaker& maker, std::size_t first);

  /// Event `i` goes to `stream`, which is none of the names, until the next fill.
  void send_to(std::size_t i, StreamId stream);

  [[nodiscard]] std::span<const StreamAppend> appends() const { return appends_; }
  [[nodiscard]] std::size_t size() const { return events_.size(); }
  [[nodiscard]] const NewEvent& event(std::size_t i) const { return events_[i]; }
  /// Index, in the stream names, of the stream of event `i`.
  [[nodiscard]] std::size_t stream(std::size_t i) const { return streams_[i]; }
  [[nodiscard]] std::size_t type(std::size_t i) const { return types_[i]; }

 private:
  void set(EventMaker& maker, std::size_t i, std::size_t stream);

  const StreamNames& names_;
  std::vector<NewEvent> events_;
  std::vector<StreamAppend> appends_;
  std::vector<std::size_t> streams_;
  std::vector<std::size_t> types_;
  std::vector<std::uint32_t> last_fill_;  ///< by stream: the fill that chose it last
  std::uint32_t fills_ = 0;
};

}  // namespace cairn::bench
