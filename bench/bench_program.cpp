#include "bench_program.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>

#include <fmt/format.h>

namespace cairn::bench {

int bench_program(const char* name, int argc, char** argv, void (*run)(const CommandLine& line)) {
  try {
    const auto line = CommandLine::parse(argc, argv);
    if (line.help) {
      fmt::print("{}", usage());
    } else {
      run(line);
    }
  } catch (const UsageError& error) {
    fmt::print(stderr, "{}", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fflush(stdout);
    fmt::print(stderr, "{}: {}\n", name, error.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

}  // namespace cairn::bench
