#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <utility>

namespace cairn {

/// Bytes of a file read before SQLite asks for them, because it asks for one page at a time and a system call for
/// each is most of the price of a long scan. Begins with some pages in a row and then follows the scan: SQLite comes
/// to the leaf of a large value, which was written last, before the chain that leads up to it, and now and then to a
/// page far behind that a deleted value left. So there are two windows, one behind the other; a page near their end
/// moves them on, and one elsewhere leaves them where they are.
/// Belongs to one open file; knows nothing of I/O.
///
/// What it holds is as good as a read at this moment for as long as nobody wrote to the file since: the owner hands
/// in a count of writes, which is odd while one is under way.
class ReadAhead {
 public:
  static constexpr std::int64_t window_bytes = 32 << 10;

  /// `size` bytes at `offset` if they are here and still good; until the next room() or drop().
  [[nodiscard]] const std::byte* find(std::int64_t offset, std::size_t size, std::uint64_t writes) const noexcept {
    for (const Window& window : windows_) {
      if (window.held == 0 || window.writes != writes || offset < window.offset) continue;
      const auto at = static_cast<std::size_t>(offset - window.offset);
      if (at + size <= window.held) return window.bytes.get() + at;
    }
    return nullptr;
  }

  /// What find() gave stays where it is until it was given back.
  void lend() noexcept { ++lent_; }
  /// False when the bytes are not of a window.
  [[nodiscard]] bool give_back(const void* bytes) noexcept {
    const auto* at = static_cast<const std::byte*>(bytes);
    const std::less<> before;  // of pointers to different objects
    for (const Window& window : windows_) {
      if (!window.bytes || before(at, window.bytes.get()) || !before(at, window.bytes.get() + window_bytes)) continue;
      --lent_;
      return true;
    }
    return false;
  }

  /// Notes a read of what is not here. Where to read ahead from so that it will be, or -1 if this is no scan.
  [[nodiscard]] std::int64_t begin_for(std::int64_t offset, std::size_t size) noexcept {
    if (offset >= end_ && offset < end_ + window_bytes) return end_;
    in_row_ = offset == next_ ? in_row_ + 1 : 0;
    next_ = offset + static_cast<std::int64_t>(size);
    return in_row_ >= in_row_min ? offset : -1;
  }

  /// Room for window_bytes; what the older window held is gone. Null while something is lent, and when there is no
  /// memory: SQLite's frames, below which this runs, cannot be left by an exception.
  [[nodiscard]] void* room() noexcept {
    if (lent_ > 0) return nullptr;
    std::swap(windows_.front(), windows_.back());
    Window& window = windows_.front();
    if (!window.bytes) window.bytes.reset(new (std::nothrow) std::byte[window_bytes]);
    window.held = 0;
    return window.bytes.get();
  }
  /// The room now holds `size` bytes from `offset`, read while the count of writes stood at `writes`.
  void filled(std::int64_t offset, std::size_t size, std::uint64_t writes) noexcept {
    windows_.front().offset = offset;
    windows_.front().held = size;
    windows_.front().writes = writes;
    end_ = offset + static_cast<std::int64_t>(size);
  }
  /// Forgets what it holds, but not where the scan stood.
  void drop() noexcept {
    for (Window& window : windows_) window.held = 0;
  }

 private:
  static constexpr int in_row_min = 3;

  struct Window {
    std::unique_ptr<std::byte[]> bytes;
    std::int64_t offset = 0;
    std::size_t held = 0;
    std::uint64_t writes = 0;
  };
  std::array<Window, 2> windows_;  // the newer one first
  std::int64_t end_ = -window_bytes;
  std::int64_t next_ = -1;
  int in_row_ = 0;
  int lent_ = 0;
};

}  // namespace cairn
