#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>

#include <cairn/core/bytes.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "sql/vfs_bytes.hpp"
#include "sql/vfs_durability.hpp"
#include "sql/vfs_lock.hpp"
#include "sql/vfs_shared_memory.hpp"
#include "sql/vfs_space.hpp"

namespace cairn {

/// A file of a MemoryVfs, which lives as long as it has a name or an open handle. Thread-safe.
class VfsFile {
 public:
  /// `durability` is absent where nobody asks for crash images.
  VfsFile(std::shared_ptr<VfsSpace> space, VfsBytes content, std::optional<VfsDurability> durability);
  ~VfsFile();
  VfsFile(const VfsFile&) = delete;
  VfsFile& operator=(const VfsFile&) = delete;

  /// Returns how many bytes there were.
  [[nodiscard]] std::size_t read(std::uint64_t offset, std::span<std::byte> out) const;
  /// Returns how many bytes there was room for.
  [[nodiscard]] std::size_t write(std::uint64_t offset, BytesView data);
  void truncate(std::uint64_t size);
  void sync();
  void fail_sync(bool loses);
  /// Sets the content, durable at once.
  void replace(BytesView content);
  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] Bytes all() const;

  /// Holding it stops all changes; content() and durability() may be called.
  [[nodiscard]] std::shared_lock<std::shared_mutex> freeze() const { return std::shared_lock{mutex_}; }
  [[nodiscard]] const VfsBytes& content() const noexcept { return content_; }
  [[nodiscard]] const std::optional<VfsDurability>& durability() const noexcept { return durability_; }

  [[nodiscard]] VfsLock& lock() noexcept { return lock_; }
  [[nodiscard]] VfsSharedMemory& shared_memory() noexcept { return shared_memory_; }

 private:
  const std::shared_ptr<VfsSpace> space_;
  mutable std::shared_mutex mutex_;  // content_ and durability_
  VfsBytes content_;
  std::optional<VfsDurability> durability_;
  VfsLock lock_;
  VfsSharedMemory shared_memory_;
};

}  // namespace cairn
