#include "sql/vfs_durability.hpp"

#include <algorithm>
#include <utility>

namespace cairn {
namespace {

constexpr std::uint64_t sector_bytes = 512;

/// A sector the power loss caught half-way: one side is new, or is neither old nor new.
void tear(std::uint64_t offset, BytesView piece, VfsBytes& bytes, Random& random) {
  const std::size_t cut = random.below(piece.size() + 1);
  const bool head = random.below(2) == 0;
  const BytesView part = head ? piece.first(cut) : piece.subspan(cut);
  const std::uint64_t at = head ? offset : offset + cut;
  if (random.below(4) != 0) return bytes.write(at, part);
  Bytes garbage(part.size());
  for (std::byte& byte : garbage) byte = std::byte(random.below(256));
  bytes.write(at, garbage);
}

}  // namespace

void VfsDurability::wrote(std::uint64_t offset, BytesView data) {
  changes_.push_back({.offset = offset, .data = {data.begin(), data.end()}, .is_resize = false});
}

void VfsDurability::resized(std::uint64_t size) { changes_.push_back({.offset = size, .data = {}, .is_resize = true}); }

void VfsDurability::synced() {
  for (Change& change : changes_) {
    if (change.state == State::dirty) change.state = State::settled;
  }
  const auto open = std::ranges::find_if(changes_, [](const Change& c) { return c.state != State::settled; });
  std::for_each(changes_.begin(), open, [this](const Change& change) { apply(change, durable_); });
  changes_.erase(changes_.begin(), open);
}

void VfsDurability::lost() {
  for (Change& change : changes_) {
    if (change.state == State::dirty) change.state = State::lost;
  }
}

VfsBytes VfsDurability::after_power_loss(CrashDamage::Unsynced unsynced, Random& random) const {
  VfsBytes bytes = durable_;
  const double keep =
      random.unit();  // one chance for the whole image, so that seeds differ in kind, not in detail only
  for (const Change& change : changes_) {
    if (change.state == State::settled || unsynced == CrashDamage::Unsynced::everything) {
      apply(change, bytes);
    } else if (unsynced == CrashDamage::Unsynced::random) {
      apply_damaged(change, bytes, keep, random);
    }
  }
  return bytes;
}

void VfsDurability::apply(const Change& change, VfsBytes& bytes) {
  if (change.is_resize) {
    bytes.resize(change.offset);
  } else {
    bytes.write(change.offset, change.data);
  }
}

void VfsDurability::apply_damaged(const Change& change, VfsBytes& bytes, double keep, Random& random) {
  if (change.is_resize) {
    if (random.unit() < keep) bytes.resize(change.offset);
    return;
  }
  constexpr double torn_share = 0.125;
  BytesView rest{change.data};
  std::uint64_t offset = change.offset;
  while (!rest.empty()) {
    const BytesView piece = rest.first(std::min<std::uint64_t>(rest.size(), sector_bytes - offset % sector_bytes));
    if (random.unit() < keep) {
      bytes.write(offset, piece);
    } else if (random.unit() < torn_share) {
      tear(offset, piece, bytes, random);
    }
    rest = rest.subspan(piece.size());
    offset += piece.size();
  }
  // The size is metadata: it may have reached the disk without the bytes.
  if (offset > bytes.size() && random.unit() < keep) bytes.resize(offset);
}

}  // namespace cairn
