#include <filesystem>
#include <fstream>
#include <iostream>

#include "golden/golden_log.hpp"

/// Writes the files of a store into a new directory: `cairn_write_golden_store tests/golden/0.2`.
int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: cairn_write_golden_store DIRECTORY\n";
    return 2;
  }
  const std::filesystem::path directory{argv[1]};
  if (!std::filesystem::create_directory(directory)) {
    std::cerr << directory << " exists; what a release wrote is not written again\n";
    return 1;
  }
  const auto store = cairn::test::write_golden_store();
  for (const auto& name : store->files()) {
    const auto bytes = store->read_file(name).value();
    std::ofstream file{directory / name, std::ios::binary};
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) {
      std::cerr << "cannot write " << directory / name << '\n';
      return 1;
    }
  }
}
