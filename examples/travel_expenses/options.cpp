#include "options.hpp"

#include <string>

#include <CLI/CLI.hpp>

namespace travel_expenses {

std::variant<Options, ExitCode> parse_options(int argc, const char* const* argv) {
  std::string store;
  std::string data = TRAVEL_EXPENSES_DATA;
  Options options;
  CLI::App app{"Imports the log of 10,357 real travel declarations, travels through it and checks what it says."};
  app.add_option("--store", store, "File to import into; created when it is not there, and kept")->type_name("FILE");
  app.add_option("--data", data, "Folder with the log and the known answers")->type_name("DIR")->capture_default_str();
  app.add_flag("--keep", options.keep, "Keep the temporary store and say where it is");
  app.footer("Exit codes: 0 all answers agree, 1 one does not, 2 the program could not run.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& stop) {
    return app.exit(stop) == 0 ? ExitCode::success : ExitCode::cannot_run;
  }
  if (!store.empty()) options.store = store;
  options.data = data;
  return options;
}

}  // namespace travel_expenses
