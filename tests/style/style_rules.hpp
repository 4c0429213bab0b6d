#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "style/source_file.hpp"

namespace cairn::test {

/// A place where a file breaks a rule. `rule` is the word that tests/style/exceptions.txt uses.
struct Finding {
  std::string rule;
  std::string path;
  std::size_t line = 0;
  std::string what;
};

/// "include_direction": a module includes itself and what stands to its left, never another module's src/.
[[nodiscard]] std::vector<Finding> include_direction(const SourceFile& file);

/// The same for the targets that a module's CMakeLists.txt names. `path` is that file's.
[[nodiscard]] std::vector<Finding> link_direction(const std::string& path, std::string_view text);

/// "third_party": a public header includes cairn's and the standard library's headers, nothing else.
[[nodiscard]] std::vector<Finding> third_party(const SourceFile& file);

/// "own_header": a source whose header exists includes it before anything else, so that each header proves it
/// stands alone. `all` are the files of the tree.
[[nodiscard]] std::vector<Finding> own_header(const SourceFile& file, const std::vector<SourceFile>& all);

/// "length": at most 250 lines in a public header and 500 in any other file.
[[nodiscard]] std::vector<Finding> length(const SourceFile& file);

/// "banned": calls and words the house does without; the finding says what to use instead.
[[nodiscard]] std::vector<Finding> banned(const SourceFile& file);

/// "name": snake_case file names that say a concept, and #pragma once as a header's first directive.
[[nodiscard]] std::vector<Finding> name(const SourceFile& file);

}  // namespace cairn::test
