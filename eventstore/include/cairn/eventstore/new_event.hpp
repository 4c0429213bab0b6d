#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <cairn/core/bytes.hpp>
#include <cairn/core/codec.hpp>
#include <cairn/core/uuid.hpp>
#include <cairn/eventstore/metadata.hpp>

namespace cairn {

/// An event before the store gave it a place. EventStore::new_event fills in an id; a caller that turns outside
/// data into events derives the id from it (Uuid::from_name), so that importing twice changes nothing.
struct NewEvent {
  Uuid id{};                         ///< never nil; what makes a repeat recognisable
  std::string type{};                ///< 1 to 255 bytes of UTF-8, for example "account.withdrawn"
  std::uint32_t schema_version = 1;  ///< of the data; the type string carries none
  ContentType content_type = ContentType::json;
  Bytes data{};  ///< at most 16 MiB; opaque to the store
  Metadata metadata{};

  friend bool operator==(const NewEvent&, const NewEvent&) = default;
};

/// Limits checked before anything is queued; one beyond them is refused with `invalid`.
inline constexpr std::size_t event_data_bytes_max = 16U << 20U;
inline constexpr std::size_t event_metadata_bytes_max = 65'535;  ///< as encoded (docs/format.md)
inline constexpr std::size_t event_tags_max = 64;
inline constexpr std::size_t event_headers_max = 64;
inline constexpr std::size_t batch_bytes_max = 64U << 20U;
inline constexpr std::size_t batch_events_max = 1U << 20U;

}  // namespace cairn
