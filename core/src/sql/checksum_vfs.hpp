#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace cairn {

/// What ChecksumVfs has seen since it was created, over all connections that use it.
struct VfsCounters {
  std::uint64_t main_bytes_written = 0;
  std::uint64_t wal_bytes_written = 0;
  std::uint64_t other_bytes_written = 0;  ///< rollback journals and temporary files
  std::uint64_t syncs = 0;
  std::uint64_t pages_read = 0;  ///< of main files, each verified
  std::uint64_t wal_reads = 0;
};

/// A layer between SQLite and a VFS that gives each page of a main database file a checksum when it is written and
/// checks it whenever it is read, because SQLite itself trusts the disk. The idea is that of
/// https://sqlite.org/cksumvfs.html; the format and the code are our own.
///
/// The last 8 bytes of a page (SQLITE_FCNTL_RESERVE_BYTES = 8 when the file is made, page_size 8192) are
///     u32 little-endian  CRC-32C of the 8184 bytes before it, seeded with the page number
///     4 bytes            "Cpc1"
/// so a changed, zeroed or misplaced page is seen. They are put into a copy on the way to the disk: SQLite's buffer,
/// which the frame checksums of the write-ahead log cover, is left alone, and log writes pass unchanged.
///
/// A bad page reads as SQLITE_IOERR_DATA, and last_bad_page() (bad_page.hpp) says which. Writing a page to a file of
/// another layout is refused with SQLITE_IOERR_WRITE before it can lose bytes of somebody else's.
///
/// SQLite reads two ranges without their page: bytes 0-99 when it opens the file and bytes 24-39 to see whether the
/// file changed. They pass unchecked, and what follows from them does not: the first transaction reads page 1 whole.
/// Not checked: the write-ahead log while it is open (SQLite checks its frames once, when it recovers it).
/// All-zero pages are bad, too. In WAL mode SQLite writes every page it counts, free ones included, except the
/// lock page at 1 GiB, which nothing reads. A page wholly beyond the end of the file reads as zeros, as SQLite expects.
/// There is no memory mapping: it would bypass the check, and a disk error must not become SIGBUS in our host.
/// PRAGMA mmap_size above 0, on connections that only read, gives something better: verified pages are lent to SQLite
/// in place from a cache that all of them share, or from the window of pages read ahead in a scan.
///
/// Thread-safe like the VFS below. Outlives every connection opened through it.
class ChecksumVfs {
 public:
  static constexpr int page_bytes = 8192;
  static constexpr int reserved_bytes = 8;

  /// Registers a new VFS of unique name over the one named `base`, the platform's default for nullptr.
  /// `base` must exist. `page_cache_bytes` bounds the pages kept for connections that ask for them.
  [[nodiscard]] static std::unique_ptr<ChecksumVfs> create(const char* base = nullptr,
                                                           std::size_t page_cache_bytes = 0);
  ~ChecksumVfs();
  ChecksumVfs(const ChecksumVfs&) = delete;
  ChecksumVfs& operator=(const ChecksumVfs&) = delete;

  /// What sqlite3_open_v2() takes; valid as long as the object.
  [[nodiscard]] const char* name() const noexcept;
  [[nodiscard]] VfsCounters counters() const noexcept;

  struct Shim;

 private:
  explicit ChecksumVfs(std::unique_ptr<Shim> shim) noexcept;

  std::unique_ptr<Shim> shim_;
};

}  // namespace cairn
