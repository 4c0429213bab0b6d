#include "child_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace cairn::bench {

ChildProcess::ChildProcess(const std::string& task, const std::filesystem::path& file, bool quick) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error{errno, std::generic_category(), "pipe"};
  output_ = ends[0];
  std::vector<std::string> arguments{"/proc/self/exe", "--child", task, file.string()};
  if (quick) arguments.emplace_back("--quick");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const int failed = posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (failed != 0) {
    close(output_);
    throw std::system_error{failed, std::generic_category(), "posix_spawn"};
  }
}

ChildProcess::~ChildProcess() {
  kill();
  close(output_);
}

char ChildProcess::read_byte() {
  char byte = 0;
  if (read(output_, &byte, 1) != 1) throw std::runtime_error{"the child process ended early"};
  return byte;
}

void ChildProcess::kill() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  wait();
}

std::string ChildProcess::finish() {
  std::string printed;
  std::array<char, 256> buffer{};
  for (ssize_t got = 0; (got = read(output_, buffer.data(), buffer.size())) > 0;) {
    printed.append(buffer.data(), static_cast<std::size_t>(got));
  }
  if (wait() != 0) throw std::runtime_error{"the child process failed: " + printed};
  return printed;
}

int ChildProcess::wait() {
  int status = -1;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) continue;
  process_ = -1;
  return status;
}

}  // namespace cairn::bench
