#include <cairn/eventstore/expected_revision.hpp>

#include <fmt/format.h>

namespace cairn {

std::string ExpectedRevision::to_string() const {
  switch (kind_) {
    case Kind::any: return "any revision";
    case Kind::no_stream: return "no stream";
    case Kind::stream_exists: return "an existing stream";
    case Kind::exactly: return fmt::format("revision {}", revision_.value);
  }
  return "unlisted";
}

}  // namespace cairn
