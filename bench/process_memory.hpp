#pragma once

#include <fstream>
#include <string>
#include <string_view>

namespace cairn::bench {

/// A line of /proc/self/status in KiB: "VmRSS" (memory in use now) or "VmHWM" (its peak). 0 when there is none.
[[nodiscard]] inline long process_memory_kib(std::string_view key) {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return std::stol(line.substr(key.size() + 1));
  }
  return 0;
}

/// Lets the peak count from now on (proc(5), clear_refs).
inline void reset_peak_memory() { std::ofstream{"/proc/self/clear_refs"} << "5"; }

}  // namespace cairn::bench
