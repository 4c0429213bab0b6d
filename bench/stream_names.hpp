#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <cairn/eventstore/stream_id.hpp>

namespace cairn::bench {

/// The names of the streams that events go to, spread evenly over `category_count` categories.
class StreamNames {
 public:
  static constexpr std::size_t category_count = 16;

  explicit StreamNames(std::size_t count);

  [[nodiscard]] std::size_t size() const { return ids_.size(); }
  [[nodiscard]] const StreamId& operator[](std::size_t index) const { return ids_[index]; }
  [[nodiscard]] static std::size_t category_of(std::size_t index) { return index % category_count; }

 private:
  std::vector<StreamId> ids_;
};

/// Stream number `index` of those that all have `events` events, scattered over the whole log.
[[nodiscard]] StreamId planted_stream(std::size_t events, std::size_t index);

}  // namespace cairn::bench
