#pragma once

#include <filesystem>
#include <optional>
#include <regex>
#include <string>

namespace cairn::bench {

struct CommandLine {
  bool quick = false;
  bool keep = false;  ///< leave the large store behind, and use one left behind
  std::optional<std::filesystem::path> json{};
  std::optional<std::filesystem::path> directory{};
  std::regex only{""};
  /// The program calls itself to measure in a process of its own: "append" or "replay", and the store's file.
  std::optional<std::string> child_task{};
  std::filesystem::path child_file{};

  /// Prints the reason or the help, and ends the process, when the arguments ask for it.
  [[nodiscard]] static CommandLine parse(int argc, char** argv);
};

}  // namespace cairn::bench
