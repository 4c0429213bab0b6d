#include "index_key.hpp"

#include <xxhash.h>

namespace cairn::log {

std::uint64_t tag_key(std::string_view tag) noexcept { return (XXH3_64bits(tag.data(), tag.size()) << 2U) | 3U; }

}  // namespace cairn::log
