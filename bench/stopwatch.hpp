#pragma once

#include <sys/resource.h>

#include <chrono>

namespace cairn::bench {

/// Wall-clock time since it was made.
class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  }
  [[nodiscard]] double microseconds() const { return seconds() * 1e6; }

 private:
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

/// CPU time of the whole process, all threads, since it was made. It says more than the wall clock when other
/// programs share the machine.
class CpuStopwatch {
 public:
  [[nodiscard]] double seconds() const { return now() - started_; }

 private:
  static double now() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto in_seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime);
  }

  double started_ = now();
};

}  // namespace cairn::bench
