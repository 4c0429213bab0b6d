#pragma once

#include <filesystem>

#include <cairn/core/result.hpp>

namespace travel_expenses {

/// A new folder of this process's own below the system's temporary one; removed with what is in it at the end.
class TemporaryFolder {
 public:
  /// Errors: unavailable.
  [[nodiscard]] static cairn::Result<TemporaryFolder> create();
  ~TemporaryFolder();
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// Leaves the folder where it is.
  void keep() noexcept { removed_at_end_ = false; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) noexcept : path_{std::move(path)} {}
  std::filesystem::path path_;
  bool removed_at_end_ = true;
};

}  // namespace travel_expenses
