#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <cairn/eventstore/read_options.hpp>

#include "name_table.hpp"

namespace cairn::log {

/// What a subscription waits for: the keys of index_key.hpp, and these, whose two low bits are zero. Waking by a key is
/// a hint: the event that has it may not be wanted, but one that is wanted has a key that is waited for.
inline constexpr std::uint64_t any_event_key = 0;
/// A category or an event type has been used for the first time.
inline constexpr std::uint64_t new_name_key = 4;
[[nodiscard]] std::uint64_t stream_wake_key(std::string_view stream) noexcept;
[[nodiscard]] constexpr bool is_stream_wake_key(std::uint64_t key) noexcept {
  return key % 4 == 0 && key != any_event_key && key != new_name_key;
}
/// Whether the index has a posting list for the key.
[[nodiscard]] constexpr bool is_posting_key(std::uint64_t key) noexcept { return key % 4 != 0; }

/// Every event that passes `filter` has one of these keys, by the names published so far.
[[nodiscard]] std::vector<std::uint64_t> wake_keys(const EventFilter& filter, const NameTable& types,
                                                   const NameTable& categories);

}  // namespace cairn::log
