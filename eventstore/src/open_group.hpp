#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/core/clock.hpp>
#include <cairn/core/uuid.hpp>

#include "frame_arena.hpp"
#include "stream_heads.hpp"

namespace cairn::log {

/// What the units of the running group transaction have appended, with a journal to undo it savepoint by
/// savepoint: what is rolled back in the file is rolled back here.
struct OpenGroup {
  [[nodiscard]] static constexpr std::uint64_t schema_key(std::uint32_t type, std::uint32_t version) noexcept {
    return (std::uint64_t{type} << 32U) | version;
  }
  struct Event {
    std::uint64_t revision = 0;
    std::uint32_t stream = 0;
    std::uint32_t type = 0;
    std::size_t keys_begin = 0;
    std::size_t keys_end = 0;
  };
  struct HeadBefore {
    StreamHead* head = nullptr;
    std::uint32_t number = 0;
    std::uint32_t category = 0;
    std::uint64_t next_revision = 0;
    std::uint64_t deleted_before = 0;
    bool tombstone = false;
  };
  /// State when a savepoint was opened.
  struct Mark {
    std::size_t events = 0;
    std::size_t keys = 0;
    std::size_t journal = 0;
    FrameArena::Mark arena;
    std::uint32_t next_stream = 1;
    std::uint32_t types = 0;
    std::uint32_t categories = 0;
    std::size_t schemas = 0;
    Timestamp last_recorded_at{};
  };

  FrameArena arena;
  std::vector<BytesView> frames;    ///< frame i is at position first_position + i
  std::vector<Event> events;        ///< the same order
  std::vector<std::uint64_t> keys;  ///< posting keys of the events
  std::vector<HeadBefore> journal;
  std::vector<std::uint64_t> schemas;  ///< schema_key() of shapes that were new
  std::vector<Mark> savepoints;
  std::optional<Mark> begin;  ///< of the group's first savepoint
  // By a unit, perhaps one that was rolled back.
  bool retention_changed = false;
  std::vector<std::uint64_t> deleted_streams;  ///< their wake keys

  // Filled by prepare(), used by published().
  std::size_t sealed_frames = 0;  ///< how many of `frames` went into chunks
  std::uint32_t chunk_link = 0;   ///< of the last chunk written, to the next

  /// Call before `head` changes.
  void remember(StreamHead& head) {
    journal.push_back({&head, head.number, head.category, head.next_revision, head.deleted_before, head.tombstone});
  }

  void clear() {
    arena.clear();
    frames.clear();
    events.clear();
    keys.clear();
    journal.clear();
    schemas.clear();
    savepoints.clear();
    begin.reset();
    retention_changed = false;
    deleted_streams.clear();
    sealed_frames = 0;
  }
};

}  // namespace cairn::log
