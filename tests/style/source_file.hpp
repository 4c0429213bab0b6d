#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::test {

struct Include {
  std::size_t line = 0;  ///< from 1
  std::string name;      ///< what stands between the brackets or quotes
  bool quoted = false;
};

/// One header or source of this repository as the style rules see it.
struct SourceFile {
  std::string path;                ///< relative to the root, with '/'
  std::vector<std::string> lines;  ///< as written
  std::vector<std::string> code;   ///< the same lines with comments and the inside of literals blanked out
  std::vector<Include> includes;

  /// The first directory: "core", "tests", ...
  [[nodiscard]] std::string_view top() const;
  /// A library module, as opposed to tests, examples and benches.
  [[nodiscard]] bool in_library() const;
  [[nodiscard]] bool is_header() const { return path.ends_with(".hpp"); }
  [[nodiscard]] bool is_public_header() const;
};

/// Library modules from left to right of the dependency line.
[[nodiscard]] const std::vector<std::string>& library_modules();

/// Takes `text` apart; `path` says where it would stand in the repository.
[[nodiscard]] SourceFile parse_source(std::string path, std::string_view text);

/// Every .hpp and .cpp below the modules, tests, examples and benches of `root`, sorted by path.
[[nodiscard]] std::vector<SourceFile> read_sources(const std::filesystem::path& root);

/// Whole file as text; empty when it cannot be read.
[[nodiscard]] std::string read_text(const std::filesystem::path& file);

}  // namespace cairn::test
