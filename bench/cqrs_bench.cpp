// Measures commands against the appends they come to. bench/README.md says what each line means.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

#include <fmt/format.h>

#include "bench_program.hpp"
#include "command_line.hpp"
#include "cqrs_context.hpp"
#include "machine.hpp"
#include "run_directory.hpp"

namespace cairn::bench {
namespace {

// The single client of the first section leaves pauses; later there would be index entries to write in them.
const std::vector<Section<CqrsContext>> sections{
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
    {"Handing the log to a handler",
     {"runner.replay", "runner.empty_handler", "runner.three_handlers", "runner.checkpoints", "runner.steps_of_10_000"},
     measure_runner},
};

void run(const CommandLine& line) {
  const CqrsSizes& sizes = line.quick ? cqrs_quick : cqrs_full;
  const RunDirectory directory{line.directory};
  print_machine(directory.path());
  fmt::print("run         {}: events of 256 B data and 60 B metadata, {} rounds\n", sizes.name, sizes.rounds);
  Report report{line.only};
  OpenLog log{directory.path() / "commands.db"};
  CqrsContext context{.sizes = sizes, .report = report, .log = log};
  measure_sections(sections, report, context);
  log.close();
  report.summary();
  if (line.json) report.write_json(*line.json);
}

}  // namespace
}  // namespace cairn::bench

int main(int argc, char** argv) { return cairn::bench::bench_program("cqrs_bench", argc, argv, cairn::bench::run); }
