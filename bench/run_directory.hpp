#pragma once

#include <filesystem>
#include <optional>

namespace cairn::bench {

/// The directory of a run's files: the one that was asked for, or one beside the program, which goes with this object.
/// The constructor throws.
class RunDirectory {
 public:
  explicit RunDirectory(const std::optional<std::filesystem::path>& wanted);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  bool own_;
  std::filesystem::path path_;
};

}  // namespace cairn::bench
