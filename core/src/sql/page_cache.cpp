#include "sql/page_cache.hpp"

#include <new>

namespace cairn {

PageCache::Slot* PageCache::Set::find(std::uint32_t page) noexcept {
  for (Slot& slot : slots) {
    if (slot.page == page) return &slot;
  }
  return nullptr;
}

PageCache::Slot* PageCache::Set::choose() noexcept {
  Slot* unused = nullptr;
  for (Slot& slot : slots) {
    if (slot.pins > 0) continue;
    if (slot.page == no_page) return &slot;
    if (!slot.used) unused = &slot;
  }
  if (unused != nullptr) return unused;
  // All were used since the last search: they start over, and the first that is not lent gives way.
  for (Slot& slot : slots) slot.used = false;
  for (Slot& slot : slots) {
    if (slot.pins == 0) return &slot;
  }
  return nullptr;
}

std::byte* PageCache::Set::bytes_of(const Slot& slot) const noexcept {
  return bytes.get() + static_cast<std::size_t>(&slot - slots.data()) * page_bytes;
}

PageCache::Slot& PageCache::Set::slot_at(const void* place) noexcept {
  return slots[static_cast<std::size_t>(static_cast<const std::byte*>(place) - bytes.get()) / page_bytes];
}

const std::byte* PageCache::pin(std::uint32_t page) noexcept {
  if (sets_.empty()) return nullptr;
  const std::lock_guard lock{lock_of(page)};
  Set& set = set_of(page);
  Slot* const slot = set.find(page);
  if (slot == nullptr || slot->filling) return nullptr;
  ++slot->pins;
  slot->used = true;
  return set.bytes_of(*slot);
}

std::byte* PageCache::reserve(std::uint32_t page, Use use) noexcept {
  if (sets_.empty()) return nullptr;
  const std::lock_guard lock{lock_of(page)};
  Set& set = set_of(page);
  if (set.find(page) != nullptr) return nullptr;
  if (!set.bytes) set.bytes.reset(new (std::nothrow) std::byte[ways * page_bytes]);
  Slot* const slot = set.bytes ? set.choose() : nullptr;
  if (slot == nullptr) return nullptr;
  *slot = {.page = page, .pins = 1, .used = use == Use::again, .filling = true};
  return set.bytes_of(*slot);
}

bool PageCache::settle(std::uint32_t page, const std::byte* bytes, bool filled) noexcept {
  const std::lock_guard lock{lock_of(page)};
  Slot& slot = set_of(page).slot_at(bytes);
  slot.filling = false;
  if (!filled) slot = {};
  return filled;
}

void PageCache::unpin(std::uint32_t page, const void* bytes) noexcept {
  const std::lock_guard lock{lock_of(page)};
  --set_of(page).slot_at(bytes).pins;
}

void PageCache::forget(std::uint32_t page) noexcept {
  if (sets_.empty()) return;
  const std::lock_guard lock{lock_of(page)};
  if (Slot* const slot = set_of(page).find(page)) slot->page = no_page;
}

void PageCache::forget_all() noexcept {
  for (std::size_t set = 0; set < sets_.size(); ++set) {
    const std::lock_guard lock{locks_[set % locks]};
    for (Slot& slot : sets_[set].slots) slot.page = no_page;
  }
}

}  // namespace cairn
