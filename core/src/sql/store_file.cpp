#include "sql/store_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <sqlite3.h>

#include <cairn/core/invariant.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "sql/vfs_handle.hpp"

namespace cairn::sql {
namespace {

namespace fs = std::filesystem;

Result<std::string> resolve(const fs::path& file) {
  std::error_code code;
  fs::path full = fs::weakly_canonical(fs::absolute(file, code), code);
  if (code) return Error{Errc::unavailable, fmt::format("open {}: {}", file.string(), code.message())};
  const auto status = fs::status(full, code);
  if (fs::is_directory(status)) return Error{Errc::invalid, fmt::format("open {}: is a directory", full.string())};
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    return Error{Errc::invalid, fmt::format("open {}: is not a regular file", full.string())};
  }
  const auto parent = fs::status(full.parent_path(), code);
  if (!fs::exists(parent)) {
    return Error{Errc::not_found,
                 fmt::format("open {}: directory {} does not exist", full.string(), full.parent_path().string())};
  }
  if (!fs::is_directory(parent)) {
    return Error{Errc::invalid,
                 fmt::format("open {}: {} is not a directory", full.string(), full.parent_path().string())};
  }
  return full.string();
}

}  // namespace

StoreFile::StoreFile(std::string name, MemoryVfs* memory, std::size_t page_cache_bytes)
    : name_{std::move(name)},
      memory_{memory},
      base_{memory == nullptr ? std::string{} : memory->name()},
      checksums_{ChecksumVfs::create(memory == nullptr ? nullptr : base_.c_str(), page_cache_bytes)} {}

Result<std::unique_ptr<StoreFile>> StoreFile::locate(const DatabaseOptions& options) {
  if (options.file.empty()) return Error{Errc::invalid, "open: no file name"};
  if (options.file.native().ends_with(unfinished_suffix)) {
    return Error{Errc::invalid,
                 fmt::format("open {}: an unfinished backup or restore; remove it", options.file.string())};
  }
  if (options.memory != nullptr) {
    return std::unique_ptr<StoreFile>{new StoreFile{options.file.string(), options.memory, options.page_cache_bytes}};
  }
  auto name = resolve(options.file);
  if (!name) return std::move(name).error();
  return std::unique_ptr<StoreFile>{new StoreFile{*std::move(name), nullptr, options.page_cache_bytes}};
}

std::unique_ptr<StoreFile> StoreFile::unfinished() const {
  return std::unique_ptr<StoreFile>{new StoreFile{name_ + std::string{unfinished_suffix}, memory_, 0}};
}

std::unique_ptr<StoreFile> StoreFile::same() const {
  return std::unique_ptr<StoreFile>{new StoreFile{name_, memory_, 0}};
}

std::uint64_t StoreFile::size_of(std::string_view suffix) const {
  std::string name = name_;
  name += suffix;
  if (memory_ != nullptr) {
    const auto content = memory_->read_file(name);
    return content ? content->size() : 0;
  }
  std::error_code code;
  const auto size = fs::file_size(name, code);
  return code ? 0 : size;
}

bool StoreFile::exists(std::string_view suffix) const {
  std::string name = name_;
  name += suffix;
  if (memory_ != nullptr) {
    const auto names = memory_->files();
    return std::binary_search(names.begin(), names.end(), name);
  }
  std::error_code code;
  return fs::exists(name, code);
}

bool StoreFile::read(std::string_view suffix, std::uint64_t offset, std::span<unsigned char> out) const {
  invariant(!suffix.empty(), "the store itself is read through SQLite only");
  std::string name = name_;
  name += suffix;
  if (memory_ != nullptr) {
    const auto content = memory_->read_file(name);
    if (!content || content->size() < offset + out.size()) return false;
    std::memcpy(out.data(), content->data() + offset, out.size());
    return true;
  }
  std::ifstream file{name, std::ios::binary};
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  return file.good();
}

namespace {

int rewrite(sqlite3_file* file) {
  // As large as the largest page: SQLite's unix VFS keeps 17 bits of a write's size (os_unix.c, seekAndWriteFd), and
  // says that the disk is full for what is larger.
  constexpr std::size_t piece = 64U << 10U;
  std::vector<std::byte> bytes(piece);
  sqlite3_int64 size = 0;
  if (const int code = file->pMethods->xFileSize(file, &size); code != SQLITE_OK) return code;
  for (sqlite3_int64 at = 0; at < size; at += static_cast<sqlite3_int64>(piece)) {
    const auto amount = static_cast<int>(std::min<sqlite3_int64>(size - at, piece));
    if (const int code = file->pMethods->xRead(file, bytes.data(), amount, at); code != SQLITE_OK) return code;
    if (const int code = file->pMethods->xWrite(file, bytes.data(), amount, at); code != SQLITE_OK) return code;
  }
  return file->pMethods->xSync(file, SQLITE_SYNC_FULL);
}

Result<void> sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int reason = errno;
  if (fd >= 0) ::close(fd);
  if (synced) return {};
  return Error{Errc::unavailable, fmt::format("sync directory {}: {}", path, std::generic_category().message(reason))};
}

Result<void> rename_on_disk(const std::string& from, const std::string& to) {
  // Who looked whether the name is free may have been overtaken since; rename(2) would replace what is there now.
  int outcome = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  if (outcome != 0 && (errno == EINVAL || errno == ENOSYS)) {  // a file system that cannot
    outcome = ::link(from.c_str(), to.c_str());
    if (outcome == 0) (void)::unlink(from.c_str());  // else it goes with the next copy
  }
  if (outcome != 0) {
    const int reason = errno;
    return Error{reason == EEXIST ? Errc::already_exists : Errc::unavailable,
                 fmt::format("rename {} to {}: {}", from, to, std::generic_category().message(reason))};
  }
  return sync_directory(fs::path{to}.parent_path().string());
}

}  // namespace

Result<void> StoreFile::rewrite_log() const {
  if (size_of("-wal") == 0) return {};
  VfsHandle file{*sqlite3_vfs_find(vfs())};
  int code = file.open(name_ + "-wal", SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE);
  if (code == SQLITE_OK) code = rewrite(file.get());
  if (code == SQLITE_OK) return {};
  const std::string what = fmt::format("open {}: write its write-ahead log again: {}", name_, sqlite3_errstr(code));
  return Error{code == SQLITE_FULL ? Errc::storage_full : Errc::unavailable, what};
}

Result<void> StoreFile::sync() const {
  VfsHandle file{*sqlite3_vfs_find(vfs())};
  int code = file.open(name_, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE);
  if (code == SQLITE_OK) code = file.methods().xSync(file.get(), SQLITE_SYNC_FULL);
  if (code == SQLITE_OK) return {};
  return Error{code == SQLITE_FULL ? Errc::storage_full : Errc::unavailable,
               fmt::format("sync {}: {}", name_, sqlite3_errstr(code))};
}

Result<void> StoreFile::rename_to(const StoreFile& target) const {
  if (memory_ != nullptr) return memory_->rename_file(name_, target.name_);
  return rename_on_disk(name_, target.name_);
}

void StoreFile::remove_all() const noexcept {
  sqlite3_vfs* const vfs = sqlite3_vfs_find(memory_ == nullptr ? nullptr : base_.c_str());
  for (const char* suffix : {"-wal", "-shm", "-journal", ""}) {
    // What is not there cannot be removed, and what cannot be removed is found again, and recovered, by the next open.
    (void)vfs->xDelete(vfs, (name_ + suffix).c_str(), 0);
  }
}

}  // namespace cairn::sql
