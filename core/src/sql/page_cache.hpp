#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace cairn {

/// Verified pages of one database file, shared by its read connections and lent to them in place.
///
/// SQLite empties a connection's own cache whenever another connection has committed, so beside a busy writer it is
/// always cold. A page here stays good until that page is written: the owner says so with forget(), before and after
/// the write. That is enough because SQLite lets nobody overwrite a page of the file that an open read transaction
/// reads from the file (https://sqlite.org/walformat.html, section 2.3.1: WAL_READ_LOCK).
///
/// Set-associative, so that neither a look-up nor an eviction allocates or walks: a page may stand in one of `ways`
/// slots, and the slots that were not used since the last search are given away first.
/// Thread-safe. Nothing here throws, because it runs below SQLite's frames.
class PageCache {
 public:
  static constexpr std::size_t page_bytes = 8192;

  /// A page that is brought in for one pass is the first to give way, unless it is asked for again.
  enum class Use : std::uint8_t { again, once };

  /// Holds as many pages as fit `bytes`. Memory is taken, a set at a time, when pages come.
  explicit PageCache(std::size_t bytes) : sets_(bytes / (page_bytes * ways)) {}

  /// The page's bytes if they are here; good until unpin().
  [[nodiscard]] const std::byte* pin(std::uint32_t page) noexcept;
  /// The same, brought in by `fill(std::byte*) -> bool`, which must not throw, if it is not here. Null when the fill
  /// fails, when another thread is bringing this page in, when every slot it may stand in is lent, or when there is
  /// no memory.
  template <class Fill>
  [[nodiscard]] const std::byte* pin(std::uint32_t page, Fill&& fill, Use use = Use::again) noexcept {
    if (const std::byte* here = pin(page)) return here;
    std::byte* const bytes = reserve(page, use);
    if (bytes == nullptr) return nullptr;
    const bool filled = fill(bytes);
    return settle(page, bytes, filled) ? bytes : nullptr;
  }
  /// Takes back what pin() lent for `page`.
  void unpin(std::uint32_t page, const void* bytes) noexcept;
  /// The page is about to change or has changed: what is lent stays, and is lent to nobody else.
  void forget(std::uint32_t page) noexcept;
  void forget_all() noexcept;

 private:
  static constexpr std::size_t ways = 8;
  static constexpr std::size_t locks = 64;
  static constexpr std::uint32_t no_page = 0;

  struct Slot {
    std::uint32_t page = no_page;
    std::uint32_t pins = 0;
    bool used = false;
    bool filling = false;
  };
  struct Set {
    std::array<Slot, ways> slots;
    std::unique_ptr<std::byte[]> bytes;

    [[nodiscard]] Slot* find(std::uint32_t page) noexcept;
    [[nodiscard]] Slot* choose() noexcept;
    [[nodiscard]] std::byte* bytes_of(const Slot& slot) const noexcept;
    [[nodiscard]] Slot& slot_at(const void* place) noexcept;
  };

  [[nodiscard]] Set& set_of(std::uint32_t page) noexcept { return sets_[page % sets_.size()]; }
  [[nodiscard]] std::mutex& lock_of(std::uint32_t page) noexcept { return locks_[page % sets_.size() % locks]; }
  /// Room for `page`, pinned and being filled.
  [[nodiscard]] std::byte* reserve(std::uint32_t page, Use use) noexcept;
  bool settle(std::uint32_t page, const std::byte* bytes, bool filled) noexcept;

  std::vector<Set> sets_;
  std::array<std::mutex, locks> locks_;
};

}  // namespace cairn
