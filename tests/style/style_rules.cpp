#include "style/style_rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

namespace cairn::test {
namespace {

const std::vector<std::string>& left_of(std::string_view module) {
  static const std::map<std::string, std::vector<std::string>, std::less<>> allowed{
      {"core", {}},
      {"eventstore", {"core"}},
      {"dlq", {"core", "eventstore"}},
      {"delivery", {"core", "eventstore", "dlq"}},
      {"cqrs", {"core", "eventstore", "dlq", "delivery"}},
      {"projections", {"core", "eventstore", "dlq", "delivery"}},
      {"scheduler", {"core", "eventstore", "dlq", "delivery", "cqrs", "projections"}},
      {"cairn", {"core", "eventstore", "dlq", "delivery", "cqrs", "projections", "scheduler"}},
  };
  static const std::vector<std::string> none;
  const auto found = allowed.find(module);
  return found == allowed.end() ? none : found->second;
}

bool may_use(std::string_view module, std::string_view other) {
  return module == other || std::ranges::find(left_of(module), other) != left_of(module).end();
}

enum class Scope { library_headers, library, library_and_tests, everywhere };

struct Ban {
  std::string_view text;
  Scope scope;
  std::string_view instead;
};

// Found in code, not in comments or literals. Where one is right, exceptions.txt names the file and the reason.
constexpr std::array bans{
    Ban{"system_clock::now", Scope::everywhere, "time comes in through Clock"},
    Ban{"steady_clock::now", Scope::library, "time comes in through Clock"},
    Ban{"high_resolution_clock", Scope::everywhere, "it is one of the other two clocks; name that"},
    Ban{"sleep_for", Scope::library_and_tests, "wait for the condition, or step a SimulatedClock"},
    Ban{"sleep_until", Scope::library_and_tests, "wait for the condition, or step a SimulatedClock"},
    Ban{"usleep", Scope::library_and_tests, "wait for the condition, or step a SimulatedClock"},
    Ban{"nanosleep", Scope::library_and_tests, "wait for the condition, or step a SimulatedClock"},
    Ban{"catch (...)", Scope::everywhere, "user code is called through call_user; a library's exceptions have types"},
    Ban{"random_device", Scope::library_and_tests, "randomness comes in through Random or SecureRandom"},
    Ban{"std::rand", Scope::everywhere, "randomness comes in through Random"},
    Ban{"std::async", Scope::library, "work is posted to an Executor"},
    Ban{".detach()", Scope::everywhere, "a thread is joined by its owner"},
    Ban{"std::cout", Scope::library, "a library does not print; use Logger"},
    Ban{"std::cerr", Scope::library, "a library does not print; use Logger"},
    Ban{"printf(", Scope::library, "a library does not print; use Logger"},
    Ban{"fprintf(", Scope::library, "a library does not print; use Logger"},
    Ban{"#define", Scope::library_headers, "no macros"},
    Ban{"using namespace std;", Scope::everywhere, "name what is used"},
    Ban{"DISABLED_", Scope::everywhere, "a test runs or is deleted"},
    Ban{"GTEST_SKIP", Scope::everywhere, "a test runs or is deleted"},
};

bool applies(Scope scope, const SourceFile& file) {
  switch (scope) {
    case Scope::library_headers: return file.in_library() && file.is_header();
    case Scope::library: return file.in_library();
    case Scope::library_and_tests: return file.in_library() || file.top() == "tests";
    case Scope::everywhere: return true;
  }
  return true;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Whether `text` stands in `line` and does not merely end a longer word there (printf( in snprintf().
bool stands_in(std::string_view line, std::string_view text) {
  for (std::size_t at = line.find(text); at != std::string_view::npos; at = line.find(text, at + 1)) {
    if (at == 0 || !is_word(text.front()) || !is_word(line[at - 1])) return true;
  }
  return false;
}

bool is_standard_header(std::string_view name) { return name.find_first_of("./") == std::string_view::npos; }

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view stem(std::string_view path) {
  const std::string_view file = file_name(path);
  return file.substr(0, file.rfind('.'));
}

/// The name under which `header` is included: after include/ or src/, or after tests/ and the like.
std::string_view include_name(std::string_view header) {
  for (const std::string_view folder : {"/include/", "/src/"}) {
    const std::size_t at = header.find(folder);
    if (at != std::string_view::npos) return header.substr(at + folder.size());
  }
  return header.substr(header.find('/') + 1);
}

/// What `path` says once its ending and the public part of a header's way are gone, so that
/// core/src/sql/row.cpp and core/include/cairn/core/sql/row.hpp are the same.
std::string concept_of(const SourceFile& file) {
  std::string_view way = include_name(file.path);
  const std::string prefix = "cairn/" + std::string{file.top()} + "/";
  if (way.starts_with(prefix)) way.remove_prefix(prefix.size());
  return std::string{file.top()} + ":" + std::string{way.substr(0, way.rfind('.'))};
}

}  // namespace

std::vector<Finding> include_direction(const SourceFile& file) {
  std::vector<Finding> findings;
  if (!file.in_library()) return findings;
  for (const Include& include : file.includes) {
    std::string_view name{include.name};
    if (name.starts_with("..") || name.find("/src/") != std::string_view::npos) {
      findings.push_back(
          {"include_direction", file.path, include.line, "reaches into a private folder: " + include.name});
    }
    if (!name.starts_with("cairn/")) continue;
    name.remove_prefix(std::string_view{"cairn/"}.size());
    // <cairn/cairn.hpp> is the whole of the module that everything else stands to the left of.
    const std::string_view module = name == "cairn.hpp" ? "cairn" : name.substr(0, name.find('/'));
    if (!may_use(file.top(), module)) {
      findings.push_back({"include_direction", file.path, include.line,
                          std::string{file.top()} + " may not use " + std::string{module}});
    }
  }
  return findings;
}

std::vector<Finding> link_direction(const std::string& path, std::string_view text) {
  std::vector<Finding> findings;
  const std::string module = path.substr(0, path.find('/'));
  constexpr std::string_view prefix = "cairn::";
  for (std::size_t at = text.find(prefix); at != std::string_view::npos; at = text.find(prefix, at + 1)) {
    const std::string_view rest = text.substr(at + prefix.size());
    const std::string_view target = rest.substr(0, rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz"));
    const bool is_module = std::ranges::find(library_modules(), target) != library_modules().end();
    if (is_module && !may_use(module, target)) {
      const auto line = static_cast<std::size_t>(std::ranges::count(text.substr(0, at), '\n')) + 1;
      findings.push_back({"include_direction", path, line, module + " may not link to " + std::string{target}});
    }
  }
  return findings;
}

std::vector<Finding> third_party(const SourceFile& file) {
  std::vector<Finding> findings;
  if (!file.is_public_header()) return findings;
  for (const Include& include : file.includes) {
    if (include.quoted || (!include.name.starts_with("cairn/") && !is_standard_header(include.name))) {
      findings.push_back({"third_party", file.path, include.line, "a public header includes " + include.name});
    }
  }
  return findings;
}

std::vector<Finding> own_header(const SourceFile& file, const std::vector<SourceFile>& all) {
  if (file.is_header() || file.includes.empty()) return {};
  const auto header = std::ranges::find_if(
      all, [&](const SourceFile& other) { return other.is_header() && concept_of(other) == concept_of(file); });
  if (header == all.end()) return {};
  const std::string& first = file.includes.front().name;
  if (first == include_name(header->path) || first == file_name(header->path)) return {};
  return {{"own_header", file.path, file.includes.front().line, "includes " + first + " before " + header->path}};
}

std::vector<Finding> length(const SourceFile& file) {
  const std::size_t limit = file.is_public_header() ? 250 : 500;
  if (file.lines.size() <= limit) return {};
  return {{"length", file.path, limit + 1,
           std::to_string(file.lines.size()) + " lines, at most " + std::to_string(limit) + "; one concept, one file"}};
}

std::vector<Finding> banned(const SourceFile& file) {
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < file.code.size(); ++i) {
    for (const Ban& ban : bans) {
      if (!applies(ban.scope, file) || !stands_in(file.code[i], ban.text)) continue;
      findings.push_back({"banned", file.path, i + 1, std::string{ban.text} + ": " + std::string{ban.instead}});
    }
  }
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    // Split so that this file does not find itself.
    if (file.lines[i].find("// TO"
                           "DO") != std::string::npos &&
        file.lines[i].find("TO"
                           "DO(") == std::string::npos) {
      findings.push_back({"banned", file.path, i + 1,
                          "a plain TO"
                          "DO: say TO"
                          "DO(perf|soon|someday) and the reason"});
    }
  }
  return findings;
}

std::vector<Finding> name(const SourceFile& file) {
  std::vector<Finding> findings;
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789_";
  constexpr std::array<std::string_view, 6> vague{"utils", "util", "helpers", "common", "types", "manager"};
  if (stem(file.path).find_first_not_of(allowed) != std::string_view::npos) {
    findings.push_back({"name", file.path, 1, "file names are snake_case"});
  }
  if (std::ranges::find(vague, stem(file.path)) != vague.end()) {
    findings.push_back({"name", file.path, 1, "name the file after the one concept in it"});
  }
  if (file.is_header()) {
    const auto directive =
        std::ranges::find_if(file.code, [](const std::string& line) { return line.starts_with('#'); });
    if (directive == file.code.end() || *directive != "#pragma once") {
      findings.push_back({"name", file.path, 1, "#pragma once comes first"});
    }
  }
  return findings;
}

}  // namespace cairn::test
