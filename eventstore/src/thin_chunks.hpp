#pragma once

#include <cstdint>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/unit.hpp>

namespace cairn::log {

class SqliteLog;

struct Thinned {
  std::uint64_t next = 0;  ///< the first chunk that is not done with
  std::uint64_t events_removed = 0;
  std::uint64_t chunks_rewritten = 0;
};

/// Takes events that their streams do not keep out of the chunks from `first` up to `end`, as far as a slice of a
/// scavenge goes; and what stands of them in tables payload and event_id. Raises removed_before of their streams.
/// Writer's thread. Errors: corrupt, and those of a unit.
Result<Thinned> thin_chunks(const SqliteLog& log, Unit& unit, std::uint64_t first, std::uint64_t end);

}  // namespace cairn::log
