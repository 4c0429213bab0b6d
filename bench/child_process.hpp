#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace cairn::bench {

/// This program again, in a process of its own, with --child: for what must be killed, or whose memory must be its
/// own. Its standard output comes through a pipe. Throws std::system_error.
class ChildProcess {
 public:
  ChildProcess(const std::string& task, const std::filesystem::path& file, bool quick);
  /// Kills it if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// The next byte it printed. Throws std::runtime_error when it ended instead.
  char read_byte();
  /// kill -9, and waits for its end.
  void kill();
  /// Waits for its end and gives what it printed. Throws std::runtime_error when it failed.
  [[nodiscard]] std::string finish();

 private:
  int wait();

  pid_t process_ = -1;
  int output_ = -1;
};

}  // namespace cairn::bench
