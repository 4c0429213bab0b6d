#pragma once

#include <filesystem>
#include <optional>
#include <variant>

namespace travel_expenses {

/// What the program ends with.
enum class ExitCode : int {
  success = 0,
  mismatch = 1,    ///< a computed answer differs from the known one
  cannot_run = 2,  ///< a file is missing, the store cannot be opened, the command line is wrong
};

struct Options {
  std::optional<std::filesystem::path> store;  ///< nothing: in a temporary folder
  std::filesystem::path data;
  bool keep = false;
};

/// Reads the command line; for --help and for a mistake in it, prints what is to be said and returns the exit code.
[[nodiscard]] std::variant<Options, ExitCode> parse_options(int argc, const char* const* argv);

}  // namespace travel_expenses
