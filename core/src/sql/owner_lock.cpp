#include "sql/owner_lock.hpp"

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "sql/store_file.hpp"

namespace cairn::sql {
namespace {

Error busy(const std::string& store, std::uint64_t pid) {
  return Error{Errc::busy_owner, pid == 0 ? fmt::format("open {}: another process owns it", store)
                                          : fmt::format("open {}: process {} owns it", store, pid)}
      .with("pid", pid);
}

class Descriptor final {
 public:
  explicit Descriptor(int fd) noexcept : fd_{fd} {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Descriptor& operator=(Descriptor&&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

std::string read_text(int fd) {
  char buffer[32];
  const auto size = ::pread(fd, buffer, sizeof buffer, 0);
  return {buffer, size > 0 ? static_cast<std::size_t>(size) : 0};
}

// Failure is passed over: the lock is what counts, and on a full disk a store still opens for reading.
void write_text(int fd, std::string_view text) {
  if (::ftruncate(fd, 0) == 0) (void)!::pwrite(fd, text.data(), text.size(), 0);
}

std::uint64_t parse_pid(std::string_view text) {
  std::uint64_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  return pid;
}

class FileOwnerLock final : public OwnerLock {
 public:
  FileOwnerLock(std::string path, Descriptor file)
      : path_{std::move(path)}, file_{std::move(file)}, before_{read_text(file_.get())} {
    write_text(file_.get(), std::to_string(::getpid()));
  }

  ~FileOwnerLock() override {
    // Under the lock, so nobody who holds a lock on this file is surprised; who waits for it sees that the name
    // is gone or another file's (lock_on_disk compares) and starts again.
    if (kept_ || before_.empty()) {
      ::unlink(path_.c_str());
    } else {
      write_text(file_.get(), before_);
    }
  }
  void keep() noexcept override { kept_ = true; }

 private:
  std::string path_;
  Descriptor file_;
  std::string before_;  // what a dead owner left in the file; empty when there was no file
  bool kept_ = false;
};

Error cannot_lock(const StoreFile& store, const std::string& path, int reason) {
  const char* const recovery =
      store.size_of("-wal") > 0 ? "; the store needs recovery from its write-ahead log and cannot be written" : "";
  return Error{Errc::unavailable, fmt::format("open {}: cannot create {}: {}{}", store.name(), path,
                                              std::generic_category().message(reason), recovery)};
}

Result<std::unique_ptr<OwnerLock>> lock_on_disk(const StoreFile& store) {
  const std::string path = store.name() + ".lock";
  while (true) {
    Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)};
    if (file.get() < 0) return cannot_lock(store, path, errno);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno == EWOULDBLOCK) return busy(store.name(), parse_pid(read_text(file.get())));
      return cannot_lock(store, path, errno);
    }
    struct stat locked {};
    struct stat named {};
    if (::fstat(file.get(), &locked) == 0 && ::stat(path.c_str(), &named) == 0 && locked.st_ino == named.st_ino &&
        locked.st_dev == named.st_dev) {
      return std::make_unique<FileOwnerLock>(path, std::move(file));
    }
    // The owner before us removed this file between our open and our lock.
  }
}

// A MemoryVfs is not visible outside the process, so its owners are found here.
class MemoryOwners final {
 public:
  using Key = std::pair<std::string, std::string>;  // VFS, file

  bool add(const Key& key) {
    const std::lock_guard lock{mutex_};
    return owned_.insert(key).second;
  }
  void remove(const Key& key) {
    const std::lock_guard lock{mutex_};
    owned_.erase(key);
  }

 private:
  std::mutex mutex_;
  std::set<Key> owned_;
};

MemoryOwners& memory_owners() {
  static MemoryOwners owners;
  return owners;
}

class MemoryOwnerLock final : public OwnerLock {
 public:
  explicit MemoryOwnerLock(MemoryOwners::Key key) : key_{std::move(key)} {}
  ~MemoryOwnerLock() override { memory_owners().remove(key_); }
  void keep() noexcept override {}

 private:
  MemoryOwners::Key key_;
};

}  // namespace

Result<std::unique_ptr<OwnerLock>> OwnerLock::take(const StoreFile& store) {
  if (!store.in_memory()) return lock_on_disk(store);
  MemoryOwners::Key key{store.base_name(), store.name()};
  if (!memory_owners().add(key)) return busy(store.name(), static_cast<std::uint64_t>(::getpid()));
  return std::make_unique<MemoryOwnerLock>(std::move(key));
}

}  // namespace cairn::sql
