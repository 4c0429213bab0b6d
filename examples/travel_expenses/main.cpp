// Imports a real log of travel declarations into an event store and shows what can be asked of it; README.md.
#include <cstdio>

#include <cairn/core/clock.hpp>

#include "demo.hpp"
#include "options.hpp"

int main(int argc, char** argv) {
  using travel_expenses::ExitCode;
  const auto parsed = travel_expenses::parse_options(argc, argv);
  if (const auto* code = std::get_if<ExitCode>(&parsed)) return static_cast<int>(*code);

  const cairn::SystemClock clock;
  const auto result = travel_expenses::run_demo(std::get<travel_expenses::Options>(parsed), clock);
  if (!result) {
    std::fprintf(stderr, "travel_expenses: %s\n", result.error().to_string().c_str());
    return static_cast<int>(ExitCode::cannot_run);
  }
  if (*result == ExitCode::mismatch) {
    std::fputs("travel_expenses: answers differ from the known ones; they are listed above\n", stderr);
  }
  return static_cast<int>(*result);
}
