#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cairn::test {

/// What a program that ran to its end left behind.
struct ProgramRun {
  int exit_code = -1;  ///< 128 + the signal's number when one ended it
  std::string out;
  std::string err;
};

/// Runs `program` in `folder`, with nothing to read and no terminal, and waits for its end.
/// Throws std::system_error when it cannot be started.
[[nodiscard]] ProgramRun run_program(const std::filesystem::path& program, std::vector<std::string> arguments,
                                     const std::filesystem::path& folder);

/// The content of a file. Throws std::runtime_error when there is none.
[[nodiscard]] std::string read_whole(const std::filesystem::path& file);

}  // namespace cairn::test
