#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>

namespace cairn {

/// Bytes of a file read before SQLite asks for them, because it asks for one page at a time and a system call for
/// each is most of the price of a long scan. Starts when pages are read in sequence. Belongs to one open file; knows
/// nothing of I/O.
///
/// What it holds is as good as a read at this moment for as long as nobody wrote to the file since: the owner hands
/// in a count of writes, which is odd while one is under way.
class ReadAhead {
 public:
  static constexpr std::size_t window_bytes = 128U << 10U;

  /// `size` bytes at `offset` if they are here and still good; until the window is filled again or dropped.
  [[nodiscard]] const std::byte* find(std::int64_t offset, std::size_t size, std::uint64_t writes) noexcept {
    if (held_ == 0 || writes != writes_ || offset < offset_) return nullptr;
    const auto at = static_cast<std::size_t>(offset - offset_);
    if (at + size > held_) return nullptr;
    next_ = offset + static_cast<std::int64_t>(size);
    return bytes_.get() + at;
  }

  /// What find() gave stays where it is until it was given back.
  void lend() noexcept { ++lent_; }
  /// False when the bytes are not the window's.
  [[nodiscard]] bool give_back(const void* bytes) noexcept {
    const auto* at = static_cast<const std::byte*>(bytes);
    const std::less<> before;  // of pointers to different objects
    if (!bytes_ || before(at, bytes_.get()) || !before(at, bytes_.get() + window_bytes)) return false;
    --lent_;
    return true;
  }

  /// Notes a read and says whether it is one more of a sequence, so that filling the window pays.
  [[nodiscard]] bool in_sequence(std::int64_t offset, std::size_t size) noexcept {
    sequence_ = offset == next_ ? sequence_ + 1 : 0;
    next_ = offset + static_cast<std::int64_t>(size);
    return sequence_ >= sequence_min;
  }

  /// Says that a page was had from elsewhere: if it is the next one, the sequence goes on behind it.
  void passed(std::int64_t offset, std::size_t size) noexcept {
    if (offset == next_) next_ += static_cast<std::int64_t>(size);
  }

  /// Room for the window; what it held is gone. Null while something of it is lent, and when there is no memory for
  /// it: SQLite's frames, below which this runs, cannot be left by an exception.
  [[nodiscard]] void* window() noexcept {
    if (lent_ > 0) return nullptr;
    if (!bytes_) bytes_.reset(new (std::nothrow) std::byte[window_bytes]);
    drop();
    return bytes_.get();
  }
  /// Forgets what it holds, but not where the sequence stood.
  void drop() noexcept { held_ = 0; }

  /// The window now holds `size` bytes from `offset`, read while the count of writes stood at `writes`.
  void filled(std::int64_t offset, std::size_t size, std::uint64_t writes) noexcept {
    offset_ = offset;
    held_ = size;
    writes_ = writes;
  }

 private:
  static constexpr int sequence_min = 3;

  std::unique_ptr<std::byte[]> bytes_;
  std::int64_t offset_ = 0;
  std::size_t held_ = 0;
  std::uint64_t writes_ = 0;
  std::int64_t next_ = -1;
  int sequence_ = 0;
  int lent_ = 0;
};

}  // namespace cairn
