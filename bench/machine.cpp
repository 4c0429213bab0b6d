#include "machine.hpp"

#include <sqlite3.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include <fmt/format.h>

#include <cairn/core/crc32c.hpp>

namespace cairn::bench {
namespace {

/// The value of the first line of `file` that begins with `key`.
std::string value_in(const char* file, std::string_view key) {
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t at = line.find_first_not_of(" \t:", key.size());
    return at == std::string::npos ? std::string{} : line.substr(at);
  }
  return "unknown";
}

}  // namespace

std::string file_system_of(const std::filesystem::path& directory) {
  struct Known {
    std::uint64_t magic;
    const char* name;
  };
  // statfs(2) lists these numbers.
  constexpr std::array known{Known{0xEF53, "ext4"},      Known{0x01021994, "tmpfs"},     Known{0x58465342, "xfs"},
                             Known{0x9123683E, "btrfs"}, Known{0x794C7630, "overlayfs"}, Known{0x6969, "nfs"},
                             Known{0x2FC12FC1, "zfs"},   Known{0xF2F52010, "f2fs"}};
  struct statfs status {};
  if (statfs(directory.c_str(), &status) != 0) return "unknown";
  const auto magic = static_cast<std::uint64_t>(static_cast<std::uint32_t>(status.f_type));
  for (const Known& system : known) {
    if (system.magic == magic) return system.name;
  }
  return fmt::format("file system {:#x}", magic);
}

void print_machine(const std::filesystem::path& directory) {
  utsname system{};
  uname(&system);
  std::array<double, 3> load{};
  if (getloadavg(load.data(), static_cast<int>(load.size())) < 1) load[0] = -1;
  fmt::print("machine     {}, {} cores, memory {}, load {:.1f}\n", value_in("/proc/cpuinfo", "model name"),
             sysconf(_SC_NPROCESSORS_ONLN), value_in("/proc/meminfo", "MemTotal"), load[0]);
  fmt::print("kernel      {} {}\n", &system.sysname[0], &system.release[0]);
  fmt::print("compiler    {}{}{}, CRC-32C by {}\n", __VERSION__,
#ifdef __OPTIMIZE__
             "",
#else
             ", NOT optimised",
#endif
#ifdef _GLIBCXX_ASSERTIONS
             ", checked standard library",
#else
             "",
#endif
             detail::crc32c_is_accelerated() ? "instructions" : "tables");
  fmt::print("SQLite      {}\n", sqlite3_libversion());
  const std::string file_system = file_system_of(directory);
  fmt::print("files       {} ({}{})\n", directory.string(), file_system,
             file_system == "tmpfs" ? ": memory, so no figure below is about a disk" : "");
  fmt::print("durability  full: WAL, synchronous=FULL, one fdatasync for each group commit\n");
}

}  // namespace cairn::bench
