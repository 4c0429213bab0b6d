#pragma once

#include <string>

#include <cairn/core/random.hpp>
#include <cairn/eventstore/metadata.hpp>
#include <cairn/eventstore/new_event.hpp>

namespace cairn::test {

/// A name of 1 to `size_max` bytes of UTF-8 with characters of one to four bytes.
[[nodiscard]] std::string random_name(Random& random, std::size_t size_max = 40);
[[nodiscard]] Uuid random_uuid(Random& random);
[[nodiscard]] Bytes random_bytes(Random& random, std::size_t size);
/// Any mix of fields, each of them absent now and then.
[[nodiscard]] Metadata random_metadata(Random& random);
/// Data of up to 200 bytes, rarely none.
[[nodiscard]] NewEvent random_event(Random& random);

}  // namespace cairn::test
