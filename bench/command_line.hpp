#pragma once

#include <filesystem>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cairn::bench {

/// The arguments are wrong: why, and how they go.
struct UsageError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// What --help prints.
[[nodiscard]] std::string_view usage();

struct CommandLine {
  bool help = false;
  bool quick = false;
  bool keep = false;  ///< leave the large store behind, and use one left behind
  std::optional<std::filesystem::path> json{};
  std::optional<std::filesystem::path> directory{};
  std::regex only{""};
  /// The program calls itself to measure in a process of its own: "append" or "replay", and the store's file.
  std::optional<std::string> child_task{};
  std::filesystem::path child_file{};

  /// Throws UsageError.
  [[nodiscard]] static CommandLine parse(int argc, char** argv);
};

}  // namespace cairn::bench
