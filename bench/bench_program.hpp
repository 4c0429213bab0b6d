#pragma once

#include <algorithm>
#include <vector>

#include "command_line.hpp"
#include "report.hpp"

namespace cairn::bench {

/// A part of a benchmark, measured when any of its figures is wanted.
template <class Context>
struct Section {
  const char* heading;
  std::vector<const char*> figures;  ///< their names
  void (*measure)(Context&);
};

template <class Context>
void measure_sections(const std::vector<Section<Context>>& sections, Report& report, Context& context) {
  for (const Section<Context>& section : sections) {
    const auto wanted = [&](const char* name) { return report.wants(name); };
    if (std::ranges::none_of(section.figures, wanted)) continue;
    report.heading(section.heading);
    section.measure(context);
  }
}

/// main() of a benchmark: runs it as the command line says. Returns the exit status.
int bench_program(const char* name, int argc, char** argv, void (*run)(const CommandLine& line));

}  // namespace cairn::bench
