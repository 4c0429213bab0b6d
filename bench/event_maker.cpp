#include "event_maker.hpp"

#include <charconv>
#include <chrono>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

namespace cairn::bench {
namespace {

constexpr std::array<std::string_view, type_count> types{"order.placed",   "order.item_added", "order.item_removed",
                                                         "order.paid",     "order.shipped",    "order.delivered",
                                                         "order.returned", "order.cancelled"};

constexpr std::uint64_t first_millisecond = 1'735'689'600'000;  // 2025-01-01 UTC

/// Digits at these places of the data change from event to event.
constexpr std::size_t number_at = 10;
constexpr std::size_t number_digits = 12;

Bytes template_data() {
  std::string text =
      R"({"number":"000000000000","customer":{"id":48211,"name":"Ann Example","tier":"gold"},)"
      R"("lines":[{"sku":"A-1001","quantity":2,"cents":1999},{"sku":"B-2040","quantity":1,"cents":549}],)"
      R"("currency":"EUR","note":")";
  text.resize(data_bytes - 2, 'x');
  text += "\"}";
  return to_bytes(text);
}

void put(std::array<std::byte, Uuid::size>& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * (size - 1 - i)));
}

Uuid random_uuid(Random& random) {
  std::array<std::byte, Uuid::size> bytes;
  put(bytes, 0, random.next(), 8);
  put(bytes, 8, random.next(), 8);
  return Uuid{bytes};
}

}  // namespace

EventMaker::EventMaker(std::uint64_t seed) : random_{seed}, data_{template_data()} {}

std::string EventMaker::customer_tag() { return fmt::format("c:{:05}", random_.below(customer_tags)); }
std::string EventMaker::order_tag() { return fmt::format("o:{:04}", random_.below(order_tags)); }

void EventMaker::make(NewEvent& event) {
  const std::uint64_t millisecond = first_millisecond + made_ / 100;
  ++made_;
  std::array<std::byte, Uuid::size> id;
  put(id, 0, millisecond, 6);
  put(id, 6, random_.next() & 0xFFF, 2);
  id[6] |= std::byte{0x70};
  put(id, 8, random_.next(), 8);
  id[8] = (id[8] & std::byte{0x3F}) | std::byte{0x80};
  event.id = Uuid{id};

  const std::uint64_t chance = random_.next();
  type_ = chance % type_count;
  event.type = types[type_];
  event.data = data_;
  for (std::uint64_t i = 0, digits = made_; i < number_digits; ++i, digits /= 10) {
    event.data[number_at + 1 + number_digits - 1 - i] = static_cast<std::byte>('0' + digits % 10);
  }
  Metadata& metadata = event.metadata;
  metadata.correlation_id = random_uuid(random_);
  metadata.causation_id = random_uuid(random_);
  metadata.occurred_at = Timestamp{std::chrono::milliseconds{millisecond}};
  metadata.tags.clear();
  if ((chance >> 32) % 10 == 0) {
    metadata.headers.clear();
    metadata.tags.push_back(customer_tag());
    metadata.tags.push_back(order_tag());
  } else if (metadata.headers.empty()) {
    metadata.headers.emplace_back("src", "frontend-7");
  }
}

void EventMaker::make_tagged(NewEvent& event, std::string customer, std::string order) {
  make(event);
  event.metadata.headers.clear();
  event.metadata.tags = {std::move(customer), std::move(order)};
}

UniformBatch::UniformBatch(const StreamNames& names, std::size_t size)
    : names_{names}, events_(size), streams_(size), types_(size), last_fill_(names.size()) {
  appends_.reserve(size);
  for (NewEvent& event : events_) appends_.push_back({.stream = names_[0], .events = {&event, 1}});
}

void UniformBatch::fill(EventMaker& maker) {
  ++fills_;
  for (std::size_t i = 0; i < events_.size(); ++i) {
    std::size_t stream = maker.random().below(names_.size());
    // A stream may occur once in an append of several.
    while (last_fill_[stream] == fills_) stream = maker.random().below(names_.size());
    last_fill_[stream] = fills_;
    set(maker, i, stream);
  }
}

void UniformBatch::send_to(std::size_t i, StreamId stream) { appends_[i].stream = std::move(stream); }

void UniformBatch::fill_from(EventMaker& maker, std::size_t first) {
  for (std::size_t i = 0; i < events_.size(); ++i) set(maker, i, first + i);
}

void UniformBatch::set(EventMaker& maker, std::size_t i, std::size_t stream) {
  maker.make(events_[i]);
  streams_[i] = stream;
  types_[i] = maker.type();
  appends_[i].stream = names_[stream];
}

}  // namespace cairn::bench
