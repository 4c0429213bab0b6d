#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <sqlite3.h>

namespace cairn::sql {

/// A file opened through a VFS, with no database on top. The memory behind it is the VFS's to lay out.
class VfsHandle final {
 public:
  explicit VfsHandle(sqlite3_vfs& vfs)
      : vfs_{vfs}, memory_{std::make_unique<std::uint64_t[]>((static_cast<std::size_t>(vfs.szOsFile) + 7) / 8)} {}
  ~VfsHandle() {
    if (get()->pMethods != nullptr) get()->pMethods->xClose(get());
  }
  VfsHandle(const VfsHandle&) = delete;
  VfsHandle& operator=(const VfsHandle&) = delete;

  /// Gives SQLite's code. Once.
  [[nodiscard]] int open(const std::string& name, int flags) {
    // SQLite's VFSes take a database's name with one more zero behind it, and a log's like it.
    name_ = name + '\0';
    return vfs_.xOpen(&vfs_, name_.c_str(), get(), flags, nullptr);
  }
  [[nodiscard]] sqlite3_file* get() const noexcept { return reinterpret_cast<sqlite3_file*>(memory_.get()); }
  [[nodiscard]] const sqlite3_io_methods& methods() const noexcept { return *get()->pMethods; }

 private:
  sqlite3_vfs& vfs_;
  std::string name_;
  std::unique_ptr<std::uint64_t[]> memory_;
};

}  // namespace cairn::sql
