#include "sql/vfs_file.hpp"

#include <mutex>
#include <utility>

namespace cairn {

VfsFile::VfsFile(std::shared_ptr<VfsSpace> space, VfsBytes content, std::optional<VfsDurability> durability)
    : space_{std::move(space)}, content_{std::move(content)}, durability_{std::move(durability)} {
  space_->force(content_.size());
}

VfsFile::~VfsFile() { space_->give(content_.size()); }

std::size_t VfsFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  const std::shared_lock lock{mutex_};
  return content_.read(offset, out);
}

std::size_t VfsFile::write(std::uint64_t offset, BytesView data) {
  const std::unique_lock lock{mutex_};
  const std::uint64_t size = content_.size();
  const std::uint64_t end = offset + data.size();
  if (end > size) {
    const std::uint64_t granted = space_->take(end - size);
    if (granted < end - size) {
      const std::uint64_t room_to = size + granted;
      data = data.first(room_to > offset ? room_to - offset : 0);
      if (data.empty()) {
        space_->give(granted);
        return 0;
      }
    }
  }
  if (durability_) durability_->wrote(offset, data);
  content_.write(offset, data);
  return data.size();
}

void VfsFile::truncate(std::uint64_t size) {
  const std::unique_lock lock{mutex_};
  if (size < content_.size()) {
    space_->give(content_.size() - size);
  } else {
    space_->force(size - content_.size());
  }
  if (durability_) durability_->resized(size);
  content_.resize(size);
}

void VfsFile::sync() {
  if (!durability_) return;
  const std::unique_lock lock{mutex_};
  durability_->synced();
}

void VfsFile::fail_sync(bool loses) {
  if (!durability_ || !loses) return;
  const std::unique_lock lock{mutex_};
  durability_->lost();
}

void VfsFile::replace(BytesView content) {
  VfsBytes bytes;
  bytes.write(0, content);
  const std::unique_lock lock{mutex_};
  space_->give(content_.size());
  space_->force(bytes.size());
  if (durability_) durability_.emplace(bytes);
  content_ = std::move(bytes);
}

std::uint64_t VfsFile::size() const {
  const std::shared_lock lock{mutex_};
  return content_.size();
}

Bytes VfsFile::all() const {
  const std::shared_lock lock{mutex_};
  return content_.all();
}

}  // namespace cairn
