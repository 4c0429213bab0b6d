// Measures commands against the appends they come to. bench/README.md says what each line means.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

#include <fmt/format.h>

#include "command_line.hpp"
#include "cqrs_context.hpp"
#include "machine.hpp"
#include "run_directory.hpp"

namespace cairn::bench {
namespace {

struct Section {
  const char* heading;
  std::vector<const char*> figures;  ///< their names
  void (*measure)(CqrsContext&);
};
// The single client of the first section leaves pauses; later there would be index entries to write in them.
const std::vector<Section> sections{
    {"Commands to one stream",
     {"contention.one_client", "contention.16_clients", "contention.highest_attempt"},
     measure_contention},
    {"Commands to warm deciders",
     {"command.append_1x1", "command.1x1", "command.1x1_with_id", "command.append_8x16", "command.8x16",
      "command.8x16_cpu"},
     measure_commands},
    {"Deciding in memory", {"decider.by_hand", "decider.in_memory"}, measure_decider},
    {"Dead letters",
     {"letter.append", "letter.park", "letter.resolve", "letter.page_of_thousand", "letter.page_of_many"},
     measure_letters},
};

void run(const CommandLine& line) {
  const CqrsSizes& sizes = line.quick ? cqrs_quick : cqrs_full;
  const RunDirectory directory{line.directory};
  print_machine(directory.path());
  fmt::print("run         {}: events of 256 B data and 60 B metadata, {} rounds\n", sizes.name, sizes.rounds);
  Report report{line.only};
  OpenLog log{directory.path() / "commands.db"};
  CqrsContext context{.sizes = sizes, .report = report, .log = log};
  for (const Section& section : sections) {
    bool wanted = false;
    for (const char* name : section.figures) wanted = wanted || report.wants(name);
    if (!wanted) continue;
    report.heading(section.heading);
    section.measure(context);
  }
  log.close();
  report.summary();
  if (line.json) report.write_json(*line.json);
}

}  // namespace
}  // namespace cairn::bench

int main(int argc, char** argv) {
  try {
    const auto line = cairn::bench::CommandLine::parse(argc, argv);
    if (line.help) {
      fmt::print("{}", cairn::bench::usage());
    } else {
      cairn::bench::run(line);
    }
  } catch (const cairn::bench::UsageError& error) {
    fmt::print(stderr, "{}", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fflush(stdout);
    fmt::print(stderr, "cqrs_bench: {}\n", error.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
