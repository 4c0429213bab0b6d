#include "command_line.hpp"

#include <span>
#include <string_view>

#include <fmt/format.h>

namespace cairn::bench {

std::string_view usage() {
  return R"(usage: ./dev bench eventstore|cqrs [--quick] [--json FILE] [--only REGEX] [--dir DIR] [--keep]
  --quick       smaller counts, under a minute
  --json FILE   write the figures as a JSON array too
  --only REGEX  only the figures whose name contains a match, and what they need
  --dir DIR     where the files go; default: a directory beside this program, removed at the end
  --keep        (eventstore) leave the large store in --dir, and use the one an earlier run of the same size left there
bench/README.md says what each figure means.
)";
}

namespace {

[[noreturn]] void refuse(const std::string& why) { throw UsageError{fmt::format("{}\n{}", why, usage())}; }

}  // namespace

CommandLine CommandLine::parse(int argc, char** argv) {
  CommandLine line;
  const std::span arguments{argv, static_cast<std::size_t>(argc)};
  std::size_t at = 1;
  const auto value_of = [&](std::string_view name) -> std::string {
    if (at + 1 >= arguments.size()) refuse(fmt::format("{} needs a value", name));
    return arguments[++at];
  };
  for (; at < arguments.size(); ++at) {
    const std::string_view name = arguments[at];
    if (name == "--quick") {
      line.quick = true;
    } else if (name == "--keep") {
      line.keep = true;
    } else if (name == "--json") {
      line.json = value_of(name);
    } else if (name == "--dir") {
      line.directory = value_of(name);
    } else if (name == "--only") {
      const std::string pattern = value_of(name);
      try {
        line.only = std::regex{pattern};
      } catch (const std::regex_error& error) {
        refuse(fmt::format("--only {}: {}", pattern, error.what()));
      }
    } else if (name == "--child") {
      line.child_task = value_of(name);
      line.child_file = value_of(name);
    } else if (name == "--help" || name == "-h") {
      line.help = true;
    } else {
      refuse(fmt::format("unknown argument {}", name));
    }
  }
  if (line.keep && !line.directory) refuse("--keep needs --dir");
  return line;
}

}  // namespace cairn::bench
