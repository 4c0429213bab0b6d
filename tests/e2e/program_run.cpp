#include "e2e/program_run.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include "support/scratch_folder.hpp"

namespace cairn::test {
namespace {

namespace fs = std::filesystem;

/// Where the child's descriptors go, and where it starts.
class Redirection {
 public:
  explicit Redirection(const fs::path& folder) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  ~Redirection() { posix_spawn_file_actions_destroy(&actions_); }
  Redirection(const Redirection&) = delete;
  Redirection& operator=(const Redirection&) = delete;

  void write_to(int descriptor, const fs::path& file) {
    posix_spawn_file_actions_addopen(&actions_, descriptor, file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

int wait_for(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) throw std::system_error{errno, std::generic_category(), "waitpid"};
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ProgramRun run_program(const fs::path& program, std::vector<std::string> arguments, const fs::path& folder) {
  const ScratchFolder outputs;
  const fs::path out = outputs.path() / "out";
  const fs::path err = outputs.path() / "err";
  Redirection redirection{folder};
  redirection.write_to(STDOUT_FILENO, out);
  redirection.write_to(STDERR_FILENO, err);

  std::string name = program.string();
  std::vector<char*> argv{name.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t process = 0;
  const int failed = posix_spawn(&process, program.c_str(), redirection.get(), nullptr, argv.data(), environ);
  if (failed != 0) throw std::system_error{failed, std::generic_category(), "start " + program.string()};
  const int exit_code = wait_for(process);
  return {.exit_code = exit_code, .out = read_whole(out), .err = read_whole(err)};
}

std::string read_whole(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) throw std::runtime_error{"cannot read " + file.string()};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace cairn::test
