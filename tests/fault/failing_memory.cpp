#include "fault/failing_memory.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <sqlite3.h>

#include <cairn/core/invariant.hpp>

namespace cairn::test {
namespace {

/// Allocations until the one that fails; 0: none will.
std::atomic<std::uint64_t> left_of_program{0};
std::atomic<std::uint64_t> left_of_sqlite{0};
std::atomic<bool> has_fired{false};

bool fails(std::atomic<std::uint64_t>& left) noexcept {
  std::uint64_t seen = left.load(std::memory_order_relaxed);
  while (seen > 0 && !left.compare_exchange_weak(seen, seen - 1, std::memory_order_relaxed)) {
  }
  if (seen != 1) return false;
  has_fired.store(true, std::memory_order_relaxed);
  return true;
}

sqlite3_mem_methods system_memory;

void* sqlite_allocate(int size) { return fails(left_of_sqlite) ? nullptr : system_memory.xMalloc(size); }
void* sqlite_reallocate(void* old, int size) {
  return fails(left_of_sqlite) ? nullptr : system_memory.xRealloc(old, size);
}

}  // namespace

FailingAllocation::FailingAllocation(Memory memory, std::uint64_t number) {
  has_fired = false;
  (memory == Memory::program ? left_of_program : left_of_sqlite) = number;
}

FailingAllocation::~FailingAllocation() {
  left_of_program = 0;
  left_of_sqlite = 0;
}

bool FailingAllocation::fired() noexcept { return has_fired; }

void install_failing_sqlite_memory() {
  invariant(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_memory) == SQLITE_OK, "SQLite is in use already");
  sqlite3_mem_methods failing = system_memory;
  failing.xMalloc = sqlite_allocate;
  failing.xRealloc = sqlite_reallocate;
  invariant(sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) == SQLITE_OK, "SQLite took no allocator");
}

void* allocate(std::size_t size, std::size_t alignment) {
  if (fails(left_of_program)) throw std::bad_alloc{};
  const std::size_t whole = (size + alignment - 1) / alignment * alignment;
  void* const made = alignment > alignof(std::max_align_t) ? std::aligned_alloc(alignment, whole) : std::malloc(size);
  if (made == nullptr) throw std::bad_alloc{};
  return made;
}

}  // namespace cairn::test

// The array and nothrow forms call these.
void* operator new(std::size_t size) { return cairn::test::allocate(size == 0 ? 1 : size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return cairn::test::allocate(size == 0 ? 1 : size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
