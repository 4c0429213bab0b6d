#include "wake_key.hpp"

#include <algorithm>

#include <xxhash.h>

#include <cairn/eventstore/stream_id.hpp>

#include "index_key.hpp"

namespace cairn::log {

namespace {

class KeySet {
 public:
  void add(std::uint64_t key) {
    if (std::ranges::find(keys_, key) == keys_.end()) keys_.push_back(key);
  }
  void add_type(const NameTable& types, std::string_view name) {
    const std::uint32_t number = types.published_number_of(name);
    add(number == 0 ? new_name_key : type_key(number));
  }
  void add_category(const NameTable& categories, std::string_view name) {
    const std::uint32_t number = categories.published_number_of(name);
    add(number == 0 ? new_name_key : category_key(number));
  }
  [[nodiscard]] std::vector<std::uint64_t> take() { return std::move(keys_); }

 private:
  std::vector<std::uint64_t> keys_;
};

}  // namespace

std::uint64_t stream_wake_key(std::string_view stream) noexcept {
  // Bit 63 keeps it apart from the two fixed keys.
  return (std::uint64_t{1} << 63U) | (XXH3_64bits(stream.data(), stream.size()) << 2U);
}

std::vector<std::uint64_t> wake_keys(const EventFilter& filter, const NameTable& types, const NameTable& categories) {
  std::optional<std::string_view> category = filter.category;
  if (!category && filter.stream_prefix && filter.stream_prefix->find('-') != std::string::npos) {
    category = StreamId::category_of(*filter.stream_prefix);
  }
  KeySet keys;
  const auto add_rest = [&] {
    if (category) {
      keys.add_category(categories, *category);
    } else {
      keys.add(any_event_key);
    }
  };
  if (filter.query.empty()) add_rest();
  for (const EventQueryItem& item : filter.query.items) {
    if (!item.tags.empty()) {
      keys.add(tag_key(item.tags.front()));
    } else if (category || item.types.empty()) {
      add_rest();
    } else {
      for (const std::string& type : item.types) keys.add_type(types, type);
    }
  }
  return keys.take();
}

}  // namespace cairn::log
