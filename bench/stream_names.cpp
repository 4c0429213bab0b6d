#include "stream_names.hpp"

#include <array>

#include <fmt/format.h>

namespace cairn::bench {

StreamNames::StreamNames(std::size_t count) {
  constexpr std::array<const char*, category_count> categories{
      "account", "basket", "booking", "claim",  "contract", "device",  "invoice", "item",
      "journey", "offer",  "order",   "parcel", "payment",  "session", "ticket",  "user"};
  ids_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    ids_.push_back(StreamId::of(categories[category_of(i)], fmt::format("{:010}", i)).value());
  }
}

StreamId planted_stream(std::size_t events, std::size_t index) {
  return StreamId::of("planted", fmt::format("{}-{}", events, index)).value();
}

}  // namespace cairn::bench
