#pragma once

#include <cstdint>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "sql/vfs_bytes.hpp"

namespace cairn {

/// What the disk holds of a file, as far as anybody can know: the bytes as of the last sync, and the changes since,
/// each of which the disk may or may not have taken.
class VfsDurability {
 public:
  explicit VfsDurability(VfsBytes durable) : durable_{std::move(durable)} {}

  void wrote(std::uint64_t offset, BytesView data);
  void resized(std::uint64_t size);
  void synced();
  /// The changes so far cannot be made durable by a later sync any more.
  void lost();

  /// The file after a power loss now.
  [[nodiscard]] VfsBytes after_power_loss(CrashDamage::Unsynced unsynced, Random& random) const;

 private:
  enum class State : std::uint8_t {
    dirty,    // the next sync settles it
    settled,  // durable, but behind a lost change that came earlier
    lost,     // a sync failed: no sync settles it
  };
  struct Change {
    std::uint64_t offset;  // where data was written, or the new size
    Bytes data;
    bool is_resize;
    State state = State::dirty;
  };

  static void apply(const Change& change, VfsBytes& bytes);
  static void apply_damaged(const Change& change, VfsBytes& bytes, double keep, Random& random);

  VfsBytes durable_;
  std::vector<Change> changes_;
};

}  // namespace cairn
