#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <string>

#include <cairn/core/invariant.hpp>

#include "sql/memory_vfs_impl.hpp"

// SQLite's view of a MemoryVfs: https://sqlite.org/c3ref/io_methods.html and https://sqlite.org/c3ref/vfs.html.
// Where those leave a choice, the answers are those of SQLite's own unix VFS.

namespace cairn {
namespace {

using Impl = MemoryVfs::Impl;

struct Handle {
  sqlite3_file base{};
  Impl* owner = nullptr;
  std::shared_ptr<VfsFile> file;
  std::string name;  // empty for a nameless file
  FileKind kind = FileKind::other;
  bool read_only = false;
  bool delete_on_close = false;
  bool persist_wal = false;
  bool sync_directory = false;  // with the next sync
  int lock_level = SQLITE_LOCK_NONE;
  VfsShmHold shm;
};

Handle& self(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
Impl& impl(sqlite3_vfs* vfs) { return *static_cast<Impl*>(vfs->pAppData); }

/// No exception may pass through SQLite's frames; all there can be is a lack of memory.
template <class F>
int without_exceptions(F&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
}

int io_error_code(IoOp op) {
  switch (op) {
    case IoOp::any: return SQLITE_IOERR;
    case IoOp::open: return SQLITE_CANTOPEN;
    case IoOp::read: return SQLITE_IOERR_READ;
    case IoOp::write: return SQLITE_IOERR_WRITE;
    case IoOp::truncate: return SQLITE_IOERR_TRUNCATE;
    case IoOp::sync: return SQLITE_IOERR_FSYNC;
    case IoOp::remove: return SQLITE_IOERR_DELETE;
    case IoOp::access: return SQLITE_IOERR_ACCESS;
    case IoOp::map_shared: return SQLITE_IOERR_SHMMAP;
    case IoOp::rename: return SQLITE_IOERR;
  }
  return SQLITE_IOERR;
}

int fault_code(const FaultPlan& fault, IoOp op) {
  switch (fault.kind) {
    case FaultKind::io_error: return io_error_code(op);
    case FaultKind::disk_full:
      if (op == IoOp::write) return SQLITE_FULL;
      return op == IoOp::map_shared ? SQLITE_IOERR_SHMSIZE : io_error_code(op);
    case FaultKind::short_write: return SQLITE_FULL;
    case FaultKind::short_read: return SQLITE_IOERR_SHORT_READ;
  }
  return SQLITE_IOERR;
}

std::optional<FaultPlan> enter(Handle& handle, IoOp op, bool takes_space = false, std::uint64_t offset = 0,
                               std::uint64_t size = 0) {
  return handle.owner->gate.enter(
      {.number = 0, .op = op, .file = handle.kind, .name = handle.name, .offset = offset, .size = size}, takes_space);
}

FileKind kind_of_name(std::string_view name) {
  if (name.ends_with("-wal")) return FileKind::wal;
  return name.ends_with("-journal") || name.ends_with("-shm") ? FileKind::other : FileKind::main;
}

int file_close(sqlite3_file* file) {
  Handle& handle = self(file);
  handle.file->shared_memory().detach(handle.shm);
  handle.file->lock().lower(&handle, handle.lock_level, SQLITE_LOCK_NONE);
  if (handle.delete_on_close && !handle.name.empty()) handle.owner->remove(handle.name, false);
  Impl& owner = *handle.owner;
  handle.~Handle();
  --owner.open_handles;
  return SQLITE_OK;
}

int file_read(sqlite3_file* file, void* buffer, int amount, sqlite3_int64 offset) {
  return without_exceptions([&] {
    Handle& handle = self(file);
    const auto at = static_cast<std::uint64_t>(offset);
    std::span out{static_cast<std::byte*>(buffer), static_cast<std::size_t>(amount)};
    const auto fault = enter(handle, IoOp::read, false, at, out.size());
    if (fault && fault->kind != FaultKind::short_read) return fault_code(*fault, IoOp::read);
    const std::size_t done = handle.file->read(at, fault ? out.first(out.size() / 2) : out);
    if (done == out.size()) return SQLITE_OK;
    std::memset(out.data() + done, 0, out.size() - done);
    return SQLITE_IOERR_SHORT_READ;
  });
}

/// The largest page. SQLite's own VFSes count on it (os_unix.c, seekAndWriteFd), so a larger write fails on a disk.
constexpr std::size_t write_bytes_max = 65'536;

int file_write(sqlite3_file* file, const void* buffer, int amount, sqlite3_int64 offset) {
  return without_exceptions([&] {
    Handle& handle = self(file);
    const auto at = static_cast<std::uint64_t>(offset);
    BytesView data{static_cast<const std::byte*>(buffer), static_cast<std::size_t>(amount)};
    invariant(data.size() <= write_bytes_max, "a write is no larger than a page");
    if (handle.read_only) return SQLITE_READONLY;
    const auto fault = enter(handle, IoOp::write, true, at, data.size());
    if (fault && fault->kind == FaultKind::short_write) {
      data = data.first(data.size() / 2);
    } else if (fault && !fault->after_effect) {
      return fault_code(*fault, IoOp::write);
    }
    const std::size_t done = handle.file->write(at, data);
    if (fault) return fault_code(*fault, IoOp::write);
    return done == data.size() ? SQLITE_OK : SQLITE_FULL;
  });
}

int file_truncate(sqlite3_file* file, sqlite3_int64 size) {
  return without_exceptions([&] {
    Handle& handle = self(file);
    const auto fault = enter(handle, IoOp::truncate, false, 0, static_cast<std::uint64_t>(size));
    if (fault && !fault->after_effect) return fault_code(*fault, IoOp::truncate);
    handle.file->truncate(static_cast<std::uint64_t>(size));
    return fault ? fault_code(*fault, IoOp::truncate) : SQLITE_OK;
  });
}

int file_sync(sqlite3_file* file, int) {
  return without_exceptions([&] {
    Handle& handle = self(file);
    const auto fault = enter(handle, IoOp::sync, true);
    if (fault && !fault->after_effect) {
      handle.file->fail_sync(fault->failed_sync_loses);
      return fault_code(*fault, IoOp::sync);
    }
    handle.owner->sync(handle.name, handle.file, handle.sync_directory);
    handle.sync_directory = false;
    return fault ? fault_code(*fault, IoOp::sync) : SQLITE_OK;
  });
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(self(file).file->size());
  return SQLITE_OK;
}

int file_lock(sqlite3_file* file, int level) {
  Handle& handle = self(file);
  return handle.file->lock().raise(&handle, handle.lock_level, level);
}

int file_unlock(sqlite3_file* file, int level) {
  Handle& handle = self(file);
  handle.file->lock().lower(&handle, handle.lock_level, level);
  return SQLITE_OK;
}

int file_check_reserved_lock(sqlite3_file* file, int* out) {
  *out = self(file).file->lock().reserved() ? 1 : 0;
  return SQLITE_OK;
}

int file_control(sqlite3_file* file, int op, void* argument) {
  Handle& handle = self(file);
  switch (op) {
    case SQLITE_FCNTL_LOCKSTATE: *static_cast<int*>(argument) = handle.lock_level; return SQLITE_OK;
    case SQLITE_FCNTL_VFSNAME:
      *static_cast<char**>(argument) = sqlite3_mprintf("%s", handle.owner->name.c_str());
      return SQLITE_OK;
    case SQLITE_FCNTL_PERSIST_WAL: {
      int& persist = *static_cast<int*>(argument);
      if (persist >= 0) handle.persist_wal = persist != 0;
      persist = handle.persist_wal ? 1 : 0;
      return SQLITE_OK;
    }
    case SQLITE_FCNTL_POWERSAFE_OVERWRITE: *static_cast<int*>(argument) = 1; return SQLITE_OK;
    case SQLITE_FCNTL_HAS_MOVED:
      *static_cast<int*>(argument) = handle.owner->find(handle.name) == handle.file ? 0 : 1;
      return SQLITE_OK;
    case SQLITE_FCNTL_SIZE_HINT:
    case SQLITE_FCNTL_CHUNK_SIZE: return SQLITE_OK;
    default: return SQLITE_NOTFOUND;
  }
}

int file_sector_size(sqlite3_file*) { return 4096; }
int file_device_characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int file_shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  return without_exceptions([&] {
    Handle& handle = self(file);
    *out = nullptr;
    const auto bytes = static_cast<std::size_t>(size);
    if (const auto fault =
            enter(handle, IoOp::map_shared, extend != 0, static_cast<std::uint64_t>(region) * bytes, bytes)) {
      return fault_code(*fault, IoOp::map_shared);
    }
    handle.file->shared_memory().map(handle.shm, static_cast<std::size_t>(region), bytes, extend != 0, out);
    return SQLITE_OK;
  });
}

int file_shm_lock(sqlite3_file* file, int first, int count, int flags) {
  Handle& handle = self(file);
  return handle.file->shared_memory().lock(handle.shm, first, count, flags);
}

void file_shm_barrier(sqlite3_file* file) { self(file).file->shared_memory().barrier(); }

int file_shm_unmap(sqlite3_file* file, int) {
  Handle& handle = self(file);
  handle.file->shared_memory().detach(handle.shm);
  return SQLITE_OK;
}

// Version 3 would add xFetch, which has nothing to offer: the bytes are in memory, but not in one piece.
constexpr sqlite3_io_methods io_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_device_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

FileKind kind_of_flags(int flags) {
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) return FileKind::main;
  return (flags & SQLITE_OPEN_WAL) != 0 ? FileKind::wal : FileKind::other;
}

int open_file(Impl& owner, const char* name, Handle& handle, int flags) {
  const std::string_view shown = name != nullptr ? name : "";
  const bool may_create = name == nullptr || (flags & SQLITE_OPEN_CREATE) != 0;
  auto present = name != nullptr ? owner.find(name) : nullptr;
  const auto fault = owner.gate.enter(
      {.number = 0, .op = IoOp::open, .file = kind_of_flags(flags), .name = shown, .offset = 0, .size = 0},
      may_create && !present);
  if (fault && !fault->after_effect) return fault_code(*fault, IoOp::open);
  if (present && (flags & SQLITE_OPEN_EXCLUSIVE) != 0 && (flags & SQLITE_OPEN_CREATE) != 0) return SQLITE_CANTOPEN;
  if (!present && !may_create) return SQLITE_CANTOPEN;
  // The hook may have changed which files there are, so the name is looked up again.
  auto file = may_create ? owner.find_or_make(name) : std::move(present);
  if (fault) return fault_code(*fault, IoOp::open);

  handle.owner = &owner;
  handle.file = std::move(file);
  handle.name = shown;
  handle.kind = kind_of_flags(flags);
  handle.read_only = (flags & SQLITE_OPEN_READONLY) != 0;
  handle.delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  // The unix VFS syncs the directory with the first sync of a journal or log that it may have created.
  constexpr int journals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
  handle.sync_directory = (flags & journals) != 0 && (flags & SQLITE_OPEN_CREATE) != 0;
  handle.base.pMethods = &io_methods;
  ++owner.open_handles;
  return SQLITE_OK;
}

int vfs_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* handle = new (file) Handle{};
  const int code = without_exceptions([&] { return open_file(impl(vfs), name, *handle, flags); });
  if (code != SQLITE_OK) {
    handle->~Handle();
    file->pMethods = nullptr;  // tells SQLite that there is nothing to close
    return code;
  }
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int vfs_delete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  return without_exceptions([&] {
    Impl& owner = impl(vfs);
    const auto fault = owner.gate.enter(
        {.number = 0, .op = IoOp::remove, .file = kind_of_name(name), .name = name, .offset = 0, .size = 0}, false);
    if (fault && !fault->after_effect) return fault_code(*fault, IoOp::remove);
    const bool there = owner.remove(name, sync_directory != 0);
    if (fault) return fault_code(*fault, IoOp::remove);
    return there ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
  });
}

int vfs_access(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
  return without_exceptions([&] {
    Impl& owner = impl(vfs);
    const auto fault = owner.gate.enter(
        {.number = 0, .op = IoOp::access, .file = kind_of_name(name), .name = name, .offset = 0, .size = 0}, false);
    if (fault) return fault_code(*fault, IoOp::access);
    const auto file = owner.find(name);
    // An empty file does not "exist": so it is in the unix VFS, for journals that a crash left empty.
    *out = file && (flags != SQLITE_ACCESS_EXISTS || file->size() > 0) ? 1 : 0;
    return SQLITE_OK;
  });
}

int vfs_full_pathname(sqlite3_vfs*, const char* name, int size, char* out) {
  const std::string_view text{name};
  if (text.size() + 1 > static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::ranges::copy(text, out);
  out[text.size()] = '\0';
  return SQLITE_OK;
}

int vfs_randomness(sqlite3_vfs* vfs, int size, char* out) {
  sqlite3_vfs* platform = impl(vfs).platform;
  return platform->xRandomness(platform, size, out);
}
int vfs_sleep(sqlite3_vfs* vfs, int microseconds) {
  sqlite3_vfs* platform = impl(vfs).platform;
  return platform->xSleep(platform, microseconds);
}
int vfs_current_time(sqlite3_vfs* vfs, double* out) {
  sqlite3_vfs* platform = impl(vfs).platform;
  return platform->xCurrentTime(platform, out);
}
int vfs_current_time_64(sqlite3_vfs* vfs, sqlite3_int64* out) {
  sqlite3_vfs* platform = impl(vfs).platform;
  return platform->xCurrentTimeInt64(platform, out);
}
int vfs_last_error(sqlite3_vfs*, int, char*) { return 0; }

void* vfs_dl_open(sqlite3_vfs*, const char*) { return nullptr; }
void vfs_dl_error(sqlite3_vfs*, int size, char* out) {
  sqlite3_snprintf(size, out, "a file in memory is no loadable extension");
}
using DlSymbol = void (*)();
DlSymbol vfs_dl_symbol(sqlite3_vfs*, void*, const char*) { return nullptr; }
void vfs_dl_close(sqlite3_vfs*, void*) {}

}  // namespace

sqlite3_vfs memory_vfs_table(MemoryVfs::Impl& impl) {
  sqlite3_vfs vfs{};
  vfs.iVersion = impl.platform->iVersion >= 2 ? 2 : 1;
  vfs.szOsFile = sizeof(Handle);
  vfs.mxPathname = 512;
  vfs.zName = impl.name.c_str();
  vfs.pAppData = &impl;
  vfs.xOpen = vfs_open;
  vfs.xDelete = vfs_delete;
  vfs.xAccess = vfs_access;
  vfs.xFullPathname = vfs_full_pathname;
  vfs.xDlOpen = vfs_dl_open;
  vfs.xDlError = vfs_dl_error;
  vfs.xDlSym = vfs_dl_symbol;
  vfs.xDlClose = vfs_dl_close;
  vfs.xRandomness = vfs_randomness;
  vfs.xSleep = vfs_sleep;
  vfs.xCurrentTime = vfs_current_time;
  vfs.xGetLastError = vfs_last_error;
  vfs.xCurrentTimeInt64 = vfs_current_time_64;
  return vfs;
}

}  // namespace cairn
