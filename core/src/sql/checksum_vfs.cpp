#include "sql/checksum_vfs.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <string>

#include <sqlite3.h>

#include <cairn/core/crc32c.hpp>
#include <cairn/core/invariant.hpp>

#include "sql/bad_page.hpp"
#include "sql/page_cache.hpp"
#include "sql/read_ahead.hpp"

namespace cairn {

struct ChecksumVfs::Shim {
  explicit Shim(std::size_t page_cache_bytes) : pages{page_cache_bytes} {}

  sqlite3_vfs* base = nullptr;
  std::string name;
  sqlite3_vfs vfs{};
  std::atomic<std::uint64_t> main_bytes_written{0};
  std::atomic<std::uint64_t> wal_bytes_written{0};
  std::atomic<std::uint64_t> other_bytes_written{0};
  std::atomic<std::uint64_t> syncs{0};
  std::atomic<std::uint64_t> pages_read{0};
  std::atomic<std::uint64_t> wal_reads{0};
  /// Writes and truncations of main files begun plus ended: odd while one is under way (there is one writer).
  std::atomic<std::uint64_t> main_changes{0};
  /// Main files open for writing.
  std::atomic<int> main_writers{0};
  /// Pages of the main file: of use only while the one who writes it is among us.
  PageCache pages;
};

namespace {

using Shim = ChecksumVfs::Shim;

constexpr std::size_t page_size = ChecksumVfs::page_bytes;
constexpr std::size_t checked_size = page_size - ChecksumVfs::reserved_bytes;
constexpr std::array trailer_magic{std::byte{'C'}, std::byte{'p'}, std::byte{'c'}, std::byte{'1'}};

enum class Role : std::uint8_t { main, wal, other };

/// What SQLite allocates for each open file; the file of the VFS below follows it in memory.
struct ChecksumFile {
  sqlite3_file base{};
  Shim* shim = nullptr;
  Role role = Role::other;
  bool writes_main = false;
  std::optional<BadPage> bad_page;
  ReadAhead ahead;
};
static_assert(sizeof(ChecksumFile) % 8 == 0);  // SQLite aligns a file to 8 bytes; so must be the one behind it

ChecksumFile& self(sqlite3_file* file) { return *reinterpret_cast<ChecksumFile*>(file); }
sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(&self(file) + 1); }
const sqlite3_io_methods& methods(sqlite3_file* file) { return *real(file)->pMethods; }

Shim& shim(sqlite3_vfs* vfs) { return *static_cast<Shim*>(vfs->pAppData); }

void count(std::atomic<std::uint64_t>& counter, std::uint64_t amount = 1) {
  counter.fetch_add(amount, std::memory_order_relaxed);
}

std::array<std::byte, ChecksumVfs::reserved_bytes> trailer(std::span<const std::byte, page_size> page,
                                                           std::uint32_t number) {
  const std::uint32_t crc = crc32c(page.first<checked_size>(), number);
  return {std::byte(crc & 0xFFU),
          std::byte((crc >> 8U) & 0xFFU),
          std::byte((crc >> 16U) & 0xFFU),
          std::byte((crc >> 24U) & 0xFFU),
          trailer_magic[0],
          trailer_magic[1],
          trailer_magic[2],
          trailer_magic[3]};
}

int refuse(ChecksumFile& file, std::uint32_t page, PageDefect defect, int code) {
  file.bad_page = BadPage{.page = page, .defect = defect};
  return code;
}

bool is_whole_page(int amount, sqlite3_int64 offset) {
  return amount == ChecksumVfs::page_bytes && offset % ChecksumVfs::page_bytes == 0;
}

std::uint32_t page_number(sqlite3_int64 offset) {
  return static_cast<std::uint32_t>(offset / ChecksumVfs::page_bytes + 1);
}

/// https://sqlite.org/fileformat2.html section 1.3: page size at byte 16, reserved bytes at byte 20.
bool has_our_layout(std::span<const std::byte, page_size> first_page) {
  return first_page[16] == std::byte{page_size >> 8U} && first_page[17] == std::byte{page_size & 0xFFU} &&
         first_page[20] == std::byte{ChecksumVfs::reserved_bytes};
}

/// Fills a window from `begin` on. A failure here is nobody's failure: the page itself is read next.
void read_ahead(ChecksumFile& file, sqlite3_file* below, sqlite3_int64 begin) {
  const std::uint64_t changes = file.shim->main_changes.load(std::memory_order_acquire);
  sqlite3_int64 size = 0;
  if (changes % 2 != 0 || below->pMethods->xFileSize(below, &size) != SQLITE_OK) return;
  const sqlite3_int64 left = (size - begin) / ChecksumVfs::page_bytes * ChecksumVfs::page_bytes;
  const auto amount = static_cast<int>(std::min<sqlite3_int64>(left, ReadAhead::window_bytes));
  if (amount <= ChecksumVfs::page_bytes) return;
  void* const room = file.ahead.room();
  if (room == nullptr || below->pMethods->xRead(below, room, amount, begin) != SQLITE_OK) return;
  if (file.shim->main_changes.load(std::memory_order_acquire) != changes) return;
  file.ahead.filled(begin, static_cast<std::size_t>(amount), changes);
}

/// A transaction begins. Where we write, main_changes tells what a window is worth; where we only read, the writer is
/// another process and may have checkpointed since the last transaction. Within one, no page it reads here changes.
void begin_transaction(ChecksumFile& file) {
  if (file.shim->main_writers.load(std::memory_order_acquire) == 0) file.ahead.drop();
}

/// The page as a window has it, filling one when this read belongs to a scan; not verified.
const std::byte* find_ahead(ChecksumFile& file, sqlite3_file* below, sqlite3_int64 offset) {
  const auto find = [&] {
    return file.ahead.find(offset, page_size, file.shim->main_changes.load(std::memory_order_acquire));
  };
  if (const std::byte* here = find()) return here;
  const sqlite3_int64 begin = file.ahead.begin_for(offset, page_size);
  if (begin < 0) return nullptr;
  read_ahead(file, below, begin);
  return find();
}

int read_bytes(ChecksumFile& file, sqlite3_file* below, void* buffer, sqlite3_int64 offset) {
  if (const std::byte* ahead = find_ahead(file, below, offset)) {
    std::memcpy(buffer, ahead, page_size);
    return SQLITE_OK;
  }
  return below->pMethods->xRead(below, buffer, ChecksumVfs::page_bytes, offset);
}

bool is_sound(ChecksumFile& file, const std::byte* bytes, std::uint32_t number) {
  count(file.shim->pages_read);
  const std::span<const std::byte, page_size> page{bytes, page_size};
  return std::ranges::equal(page.last<ChecksumVfs::reserved_bytes>(), trailer(page, number));
}

/// A page of a b-tree begins with its kind (https://sqlite.org/fileformat2.html section 1.6), one of an overflow chain
/// with the number of the next, which has such a first byte only above 256 GB.
bool begins_like_b_tree(const std::byte* page) {
  return page[0] == std::byte{0x02} || page[0] == std::byte{0x05} || page[0] == std::byte{0x0A} ||
         page[0] == std::byte{0x0D};
}

/// A verified page to read in place; null when it must be read the usual way, which is also how a bad one is reported.
const std::byte* lend_page(ChecksumFile& file, sqlite3_file* below, sqlite3_int64 offset) {
  const std::uint32_t number = page_number(offset);
  PageCache& pages = file.shim->pages;
  if (const std::byte* cached = pages.pin(number)) return cached;
  const std::byte* const ahead = find_ahead(file, below, offset);
  // A long scan passes by the cache, but for the pages that a cursor stands on while it reads others: the windows must
  // move on meanwhile.
  if (ahead != nullptr && !begins_like_b_tree(ahead)) {
    if (!is_sound(file, ahead, number)) return nullptr;
    file.ahead.lend();
    return ahead;
  }
  const auto fill = [&](std::byte* out) {
    if (ahead != nullptr) {
      std::memcpy(out, ahead, page_size);
    } else if (below->pMethods->xRead(below, out, ChecksumVfs::page_bytes, offset) != SQLITE_OK) {
      return false;
    }
    return is_sound(file, out, number);
  };
  return pages.pin(number, fill, ahead != nullptr ? PageCache::Use::once : PageCache::Use::again);
}

int read_page(ChecksumFile& file, sqlite3_file* below, void* buffer, sqlite3_int64 offset) {
  const std::uint32_t number = page_number(offset);
  const int code = read_bytes(file, below, buffer, offset);
  if (code == SQLITE_IOERR_SHORT_READ) {
    sqlite3_int64 size = 0;
    if (const int failed = below->pMethods->xFileSize(below, &size); failed != SQLITE_OK) return failed;
    // SQLite takes zeros for what a short read leaves out. That is right past the end and nowhere else.
    return size <= offset ? code : refuse(file, number, PageDefect::truncated, SQLITE_IOERR_DATA);
  }
  if (code != SQLITE_OK) return code;
  const auto* bytes = static_cast<const std::byte*>(buffer);
  if (is_sound(file, bytes, number)) return SQLITE_OK;
  const bool marked = std::equal(trailer_magic.begin(), trailer_magic.end(), bytes + page_size - trailer_magic.size());
  return refuse(file, number, marked ? PageDefect::wrong_checksum : PageDefect::no_checksum, SQLITE_IOERR_DATA);
}

int file_read(sqlite3_file* handle, void* buffer, int amount, sqlite3_int64 offset) {
  ChecksumFile& file = self(handle);
  if (file.role != Role::main) {
    if (file.role == Role::wal) count(file.shim->wal_reads);
    return methods(handle).xRead(real(handle), buffer, amount, offset);
  }
  if (is_whole_page(amount, offset)) return read_page(file, real(handle), buffer, offset);
  const bool opening = offset == 0 && amount == 100;
  const bool change_counter = offset == 24 && amount == 16;
  if (opening || change_counter) return methods(handle).xRead(real(handle), buffer, amount, offset);
  return refuse(file, page_number(offset), PageDefect::foreign_layout, SQLITE_IOERR_DATA);
}

int write_page(ChecksumFile& file, sqlite3_file* below, const void* buffer, sqlite3_int64 offset) {
  const std::uint32_t number = page_number(offset);
  std::array<std::byte, page_size> page;
  std::memcpy(page.data(), buffer, page_size);
  if (number == 1 && !has_our_layout(page)) {
    return refuse(file, number, PageDefect::foreign_layout, SQLITE_IOERR_WRITE);
  }
  const auto stamp = trailer(page, number);
  std::ranges::copy(stamp, page.begin() + checked_size);
  file.shim->main_changes.fetch_add(1, std::memory_order_acq_rel);
  file.shim->pages.forget(number);
  const int code = below->pMethods->xWrite(below, page.data(), ChecksumVfs::page_bytes, offset);
  file.shim->pages.forget(number);
  file.shim->main_changes.fetch_add(1, std::memory_order_acq_rel);
  return code;
}

int file_write(sqlite3_file* handle, const void* buffer, int amount, sqlite3_int64 offset) {
  ChecksumFile& file = self(handle);
  const auto bytes = static_cast<std::uint64_t>(amount);
  if (file.role != Role::main) {
    count(file.role == Role::wal ? file.shim->wal_bytes_written : file.shim->other_bytes_written, bytes);
    return methods(handle).xWrite(real(handle), buffer, amount, offset);
  }
  if (!is_whole_page(amount, offset)) {
    return refuse(file, page_number(offset), PageDefect::foreign_layout, SQLITE_IOERR_WRITE);
  }
  count(file.shim->main_bytes_written, bytes);
  return write_page(file, real(handle), buffer, offset);
}

int file_close(sqlite3_file* handle) {
  const int code = methods(handle).xClose(real(handle));
  if (self(handle).writes_main) {
    self(handle).shim->main_writers.fetch_sub(1, std::memory_order_acq_rel);
    self(handle).shim->pages.forget_all();  // from here on it may change behind our back
  }
  self(handle).~ChecksumFile();
  return code;
}
int file_truncate(sqlite3_file* handle, sqlite3_int64 size) {
  std::atomic<std::uint64_t>& changes = self(handle).shim->main_changes;
  const std::uint64_t step = self(handle).role == Role::main ? 1 : 0;
  changes.fetch_add(step, std::memory_order_acq_rel);
  if (step != 0) self(handle).shim->pages.forget_all();
  const int code = methods(handle).xTruncate(real(handle), size);
  changes.fetch_add(step, std::memory_order_acq_rel);
  return code;
}
int file_sync(sqlite3_file* handle, int flags) {
  count(self(handle).shim->syncs);
  return methods(handle).xSync(real(handle), flags);
}
int file_size(sqlite3_file* handle, sqlite3_int64* size) { return methods(handle).xFileSize(real(handle), size); }
int file_lock(sqlite3_file* handle, int level) {
  begin_transaction(self(handle));
  return methods(handle).xLock(real(handle), level);
}
int file_unlock(sqlite3_file* handle, int level) { return methods(handle).xUnlock(real(handle), level); }
int file_check_reserved_lock(sqlite3_file* handle, int* out) {
  return methods(handle).xCheckReservedLock(real(handle), out);
}
int file_control(sqlite3_file* handle, int op, void* argument) {
  // Ours to lend pages, not for the VFS below to map the file.
  if (op == SQLITE_FCNTL_MMAP_SIZE) return SQLITE_NOTFOUND;
  if (op == fcntl_last_bad_page) {
    *static_cast<std::optional<BadPage>*>(argument) = self(handle).bad_page;
    return SQLITE_OK;
  }
  const int code = methods(handle).xFileControl(real(handle), op, argument);
  if (op == SQLITE_FCNTL_VFSNAME && code == SQLITE_OK) {
    auto** name = static_cast<char**>(argument);
    char* below = *name;
    *name = sqlite3_mprintf("%s/%z", self(handle).shim->name.c_str(), below);
  }
  return code;
}
int file_sector_size(sqlite3_file* handle) { return methods(handle).xSectorSize(real(handle)); }
int file_device_characteristics(sqlite3_file* handle) {
  // SQLite 3.45 and later read parts of a page where a file allows it; there is no checksum of a part.
  constexpr int subpage_read = 0x00008000;
  return methods(handle).xDeviceCharacteristics(real(handle)) & ~subpage_read;
}
int file_shm_map(sqlite3_file* handle, int region, int size, int extend, void volatile** out) {
  return methods(handle).xShmMap(real(handle), region, size, extend, out);
}
int file_shm_lock(sqlite3_file* handle, int offset, int n, int flags) {
  if ((flags & SQLITE_SHM_LOCK) != 0) begin_transaction(self(handle));
  return methods(handle).xShmLock(real(handle), offset, n, flags);
}
void file_shm_barrier(sqlite3_file* handle) { methods(handle).xShmBarrier(real(handle)); }
int file_shm_unmap(sqlite3_file* handle, int remove) { return methods(handle).xShmUnmap(real(handle), remove); }

/// SQLite asks this instead of xRead for a connection with PRAGMA mmap_size above 0. Nothing is mapped.
int file_fetch(sqlite3_file* handle, sqlite3_int64 offset, int amount, void** out) {
  ChecksumFile& file = self(handle);
  *out = nullptr;
  if (file.role != Role::main || !is_whole_page(amount, offset)) return SQLITE_OK;
  if (file.shim->main_writers.load(std::memory_order_acquire) == 0) return SQLITE_OK;
  *out = const_cast<std::byte*>(lend_page(file, real(handle), offset));  // SQLite's signature; it only reads
  return SQLITE_OK;
}
/// Null for `bytes` means that the file may have changed: the cache and the window know that themselves.
int file_unfetch(sqlite3_file* handle, sqlite3_int64 offset, void* bytes) {
  ChecksumFile& file = self(handle);
  if (bytes != nullptr && !file.ahead.give_back(bytes)) file.shim->pages.unpin(page_number(offset), bytes);
  return SQLITE_OK;
}

constexpr sqlite3_io_methods io_methods(int version) {
  return {
      .iVersion = version,
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
      .xFetch = version >= 3 ? file_fetch : nullptr,
      .xUnfetch = version >= 3 ? file_unfetch : nullptr,
  };
}
constexpr sqlite3_io_methods with_shared_memory = io_methods(3);
constexpr sqlite3_io_methods without_shared_memory = io_methods(1);

int vfs_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* handle, int flags, int* out_flags) {
  Shim& owner = shim(vfs);
  auto* file = new (handle) ChecksumFile{};
  file->shim = &owner;
  file->role = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? Role::main
               : (flags & SQLITE_OPEN_WAL) != 0   ? Role::wal
                                                  : Role::other;
  sqlite3_file* below = real(handle);
  below->pMethods = nullptr;
  const int code = owner.base->xOpen(owner.base, name, below, flags, out_flags);
  if (code != SQLITE_OK) {
    if (below->pMethods != nullptr) below->pMethods->xClose(below);
    file->~ChecksumFile();
    handle->pMethods = nullptr;  // tells SQLite that there is nothing to close
    return code;
  }
  file->writes_main = file->role == Role::main && (flags & SQLITE_OPEN_READWRITE) != 0;
  if (file->writes_main) {
    owner.pages.forget_all();
    owner.main_writers.fetch_add(1, std::memory_order_acq_rel);
  }
  file->base.pMethods = below->pMethods->iVersion >= 2 ? &with_shared_memory : &without_shared_memory;
  return SQLITE_OK;
}
int vfs_delete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  sqlite3_vfs* base = shim(vfs).base;
  return base->xDelete(base, name, sync_directory);
}
int vfs_access(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
  sqlite3_vfs* base = shim(vfs).base;
  return base->xAccess(base, name, flags, out);
}
int vfs_full_pathname(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  sqlite3_vfs* base = shim(vfs).base;
  return base->xFullPathname(base, name, size, out);
}
void* vfs_dl_open(sqlite3_vfs* vfs, const char* name) {
  sqlite3_vfs* base = shim(vfs).base;
  return base->xDlOpen(base, name);
}
void vfs_dl_error(sqlite3_vfs* vfs, int size, char* out) {
  sqlite3_vfs* base = shim(vfs).base;
  base->xDlError(base, size, out);
}
using DlSymbol = void (*)();
DlSymbol vfs_dl_symbol(sqlite3_vfs* vfs, void* library, const char* symbol) {
  sqlite3_vfs* base = shim(vfs).base;
  return base->xDlSym(base, library, symbol);
}
void vfs_dl_close(sqlite3_vfs* vfs, void* library) {
  sqlite3_vfs* base = shim(vfs).base;
  base->xDlClose(base, library);
}
int vfs_randomness(sqlite3_vfs* vfs, int size, char* out) {
  sqlite3_vfs* base = shim(vfs).base;
  return base->xRandomness(base, size, out);
}
int vfs_sleep(sqlite3_vfs* vfs, int microseconds) {
  sqlite3_vfs* base = shim(vfs).base;
  return base->xSleep(base, microseconds);
}
int vfs_current_time(sqlite3_vfs* vfs, double* out) {
  sqlite3_vfs* base = shim(vfs).base;
  return base->xCurrentTime(base, out);
}
int vfs_last_error(sqlite3_vfs* vfs, int size, char* out) {
  sqlite3_vfs* base = shim(vfs).base;
  return base->xGetLastError != nullptr ? base->xGetLastError(base, size, out) : 0;
}
int vfs_current_time_64(sqlite3_vfs* vfs, sqlite3_int64* out) {
  sqlite3_vfs* base = shim(vfs).base;
  return base->xCurrentTimeInt64(base, out);
}

sqlite3_vfs vfs_over(Shim& owner) {
  sqlite3_vfs vfs{};
  vfs.iVersion = owner.base->iVersion >= 2 && owner.base->xCurrentTimeInt64 != nullptr ? 2 : 1;
  vfs.szOsFile = static_cast<int>(sizeof(ChecksumFile)) + owner.base->szOsFile;
  vfs.mxPathname = owner.base->mxPathname;
  vfs.zName = owner.name.c_str();
  vfs.pAppData = &owner;
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

/// SQLite's list of VFSes belongs to the process, so names are unique in the process.
std::string unique_name() {
  static std::atomic<std::uint64_t> created{0};
  return "cairn-checksum-" + std::to_string(created.fetch_add(1) + 1);
}

}  // namespace

ChecksumVfs::ChecksumVfs(std::unique_ptr<Shim> shim) noexcept : shim_{std::move(shim)} {}

ChecksumVfs::~ChecksumVfs() { sqlite3_vfs_unregister(&shim_->vfs); }

std::unique_ptr<ChecksumVfs> ChecksumVfs::create(const char* base, std::size_t page_cache_bytes) {
  auto shim = std::make_unique<Shim>(page_cache_bytes);
  shim->base = sqlite3_vfs_find(base);
  invariant(shim->base != nullptr, "ChecksumVfs over a VFS that is not registered");
  shim->name = unique_name();
  shim->vfs = vfs_over(*shim);
  invariant(sqlite3_vfs_register(&shim->vfs, 0) == SQLITE_OK, "SQLite refused to register a VFS");
  return std::unique_ptr<ChecksumVfs>{new ChecksumVfs{std::move(shim)}};
}

const char* ChecksumVfs::name() const noexcept { return shim_->name.c_str(); }

VfsCounters ChecksumVfs::counters() const noexcept {
  constexpr auto relaxed = std::memory_order_relaxed;
  return {.main_bytes_written = shim_->main_bytes_written.load(relaxed),
          .wal_bytes_written = shim_->wal_bytes_written.load(relaxed),
          .other_bytes_written = shim_->other_bytes_written.load(relaxed),
          .syncs = shim_->syncs.load(relaxed),
          .pages_read = shim_->pages_read.load(relaxed),
          .wal_reads = shim_->wal_reads.load(relaxed)};
}

}  // namespace cairn
