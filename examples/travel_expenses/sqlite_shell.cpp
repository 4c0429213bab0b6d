#include "sqlite_shell.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include <fmt/format.h>

namespace travel_expenses {

using cairn::Errc;
using cairn::Error;
using cairn::Result;

namespace {

/// Runs a program of PATH and gives what it wrote to stdout and stderr together. A program that fails is an error.
Result<std::string> output_of(std::vector<std::string> command) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return Error{Errc::unavailable, "no pipe"};
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  pid_t process = 0;
  const int failed = posix_spawnp(&process, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string output;
  std::array<char, 4096> some;
  for (ssize_t size = 0; failed == 0 && (size = read(ends[0], some.data(), some.size())) > 0;) {
    output.append(some.data(), static_cast<std::size_t>(size));
  }
  close(ends[0]);
  if (failed != 0) {
    return Error{failed == ENOENT ? Errc::not_found : Errc::unavailable,
                 fmt::format("run {}: {}", command[0], std::generic_category().message(failed))};
  }
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) return Error{Errc::invalid, fmt::format("{}: {}", command[0], output)};
  return output;
}

}  // namespace

Result<nlohmann::json> ask_sqlite_shell(const std::filesystem::path& store, std::string sql) {
  auto output = output_of({"sqlite3", "-readonly", "-json", store.string(),
                           fmt::format(".load '{}'", TRAVEL_EXPENSES_SQLITE_EXTENSION), std::move(sql)});
  if (!output) return std::move(output).error();
  auto rows = nlohmann::json::parse(*output, nullptr, false);
  if (rows.is_discarded()) return Error{Errc::invalid, "sqlite3: " + *output};
  return rows;
}

}  // namespace travel_expenses
