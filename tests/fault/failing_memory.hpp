#pragma once

#include <cstdint>

namespace cairn::test {

/// Who runs out of memory.
enum class Memory : std::uint8_t {
  program,  ///< operator new, of any thread
  sqlite,   ///< SQLite's own allocations
};

/// Lets the `number`-th allocation from now on fail, once, until it goes. For programs that link failing_memory.cpp,
/// which replaces operator new and SQLite's allocator. One at a time.
class FailingAllocation final {
 public:
  FailingAllocation(Memory memory, std::uint64_t number);
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;

  /// Whether so many allocations came that one failed.
  [[nodiscard]] static bool fired() noexcept;
};

/// Puts the failing allocator below SQLite. Before anything else uses SQLite.
void install_failing_sqlite_memory();

}  // namespace cairn::test
