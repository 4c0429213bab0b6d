#include "temporary_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace travel_expenses {

using cairn::Errc;
using cairn::Error;
using cairn::Result;

Result<TemporaryFolder> TemporaryFolder::create() {
  std::error_code error;
  const auto parent = std::filesystem::temp_directory_path(error);
  if (error) return Error{Errc::unavailable, fmt::format("find the temporary folder: {}", error.message())};
  std::string name = (parent / "cairn-travel-expenses-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    return Error{Errc::unavailable, fmt::format("make {}: {}", name, std::generic_category().message(errno))};
  }
  return TemporaryFolder{std::filesystem::path{name}};
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_{std::move(other.path_)}, removed_at_end_{std::exchange(other.removed_at_end_, false)} {}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // nobody is left to tell
  if (removed_at_end_) std::filesystem::remove_all(path_, ignored);
}

}  // namespace travel_expenses
