#include "run_directory.hpp"

#include <unistd.h>

#include <stdexcept>
#include <string>
#include <system_error>

#include <fmt/format.h>

namespace cairn::bench {

RunDirectory::RunDirectory(const std::optional<std::filesystem::path>& wanted) : own_{!wanted} {
  if (wanted) {
    path_ = *wanted;
    std::filesystem::create_directories(path_);
    return;
  }
  std::string name = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "files.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error{fmt::format("cannot make directory {}", name)};
  path_ = name;
}

RunDirectory::~RunDirectory() {
  std::error_code ignored;  // what is left behind is no reason to lose the figures
  if (own_) std::filesystem::remove_all(path_, ignored);
}

}  // namespace cairn::bench
