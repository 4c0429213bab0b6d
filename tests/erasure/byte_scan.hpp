#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

namespace cairn::test {

[[nodiscard]] inline bool contains(BytesView content, BytesView wanted) {
  return as_text(content).find(as_text(wanted)) != std::string_view::npos;
}

/// Names of all files of the folder in which the bytes stand.
[[nodiscard]] inline std::vector<std::string> files_with(const std::filesystem::path& folder, BytesView wanted) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in{entry.path(), std::ios::binary};
    const std::string content{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
    if (contains(as_bytes(content), wanted)) found.push_back(entry.path().filename());
  }
  std::ranges::sort(found);
  return found;
}
[[nodiscard]] inline std::vector<std::string> files_with(const MemoryVfs& disk, BytesView wanted) {
  std::vector<std::string> found;
  for (const std::string& name : disk.files()) {
    if (contains(disk.read_file(name).value_or(Bytes{}), wanted)) found.push_back(name);
  }
  return found;
}

}  // namespace cairn::test
