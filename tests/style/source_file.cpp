#include "style/source_file.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <utility>

namespace cairn::test {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Replaces text[from, to) by blanks, keeping line ends.
void blank(std::string& text, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < std::min(to, text.size()); ++i) {
    if (text[i] != '\n') text[i] = ' ';
  }
}

/// The place after the literal whose opening quote is at `open`.
std::size_t literal_end(std::string_view text, std::size_t open) {
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == text[open] || text[i] == '\n') {
      return i + 1;
    }
  }
  return text.size();
}

std::size_t raw_string_end(std::string_view text, std::size_t quote) {
  const std::size_t open = text.find('(', quote);
  if (open == std::string_view::npos) return text.size();
  std::string close{")"};
  close += text.substr(quote + 1, open - quote - 1);
  close += '"';
  const std::size_t end = text.find(close, open);
  return end == std::string_view::npos ? text.size() : end + close.size();
}

std::string without_comments_and_literals(std::string_view text) {
  std::string code{text};
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (text.substr(i, 2) == "//") {
      end = std::min(text.find('\n', i), text.size());
      blank(code, i, end);
    } else if (text.substr(i, 2) == "/*") {
      const std::size_t close = text.find("*/", i + 2);
      end = close == std::string_view::npos ? text.size() : close + 2;
      blank(code, i, end);
    } else if (text[i] == '"' && i > 0 && text[i - 1] == 'R') {
      end = raw_string_end(text, i);
      blank(code, i + 1, end - 1);
    } else if (text[i] == '"' || (text[i] == '\'' && (i == 0 || !is_word(text[i - 1])))) {
      end = literal_end(text, i);
      blank(code, i + 1, end - 1);
    }
    i = end;
  }
  return code;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<Include> find_includes(const SourceFile& file) {
  std::vector<Include> includes;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    if (!file.code[i].starts_with("#include")) continue;
    const std::string_view line{file.lines[i]};
    const std::size_t open = line.find_first_of("<\"");
    if (open == std::string_view::npos) continue;
    const bool quoted = line[open] == '"';
    const std::size_t close = line.find(quoted ? '"' : '>', open + 1);
    if (close == std::string_view::npos) continue;
    includes.push_back({i + 1, std::string{line.substr(open + 1, close - open - 1)}, quoted});
  }
  return includes;
}

}  // namespace

std::string_view SourceFile::top() const { return std::string_view{path}.substr(0, path.find('/')); }

bool SourceFile::in_library() const { return std::ranges::find(library_modules(), top()) != library_modules().end(); }

bool SourceFile::is_public_header() const {
  return in_library() && is_header() && path.find("/include/") != std::string::npos;
}

const std::vector<std::string>& library_modules() {
  static const std::vector<std::string> modules{"core", "eventstore",  "dlq",       "delivery",
                                                "cqrs", "projections", "scheduler", "cairn"};
  return modules;
}

SourceFile parse_source(std::string path, std::string_view text) {
  SourceFile file;
  file.path = std::move(path);
  file.lines = split_lines(text);
  file.code = split_lines(without_comments_and_literals(text));
  file.includes = find_includes(file);
  return file;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

std::vector<SourceFile> read_sources(const std::filesystem::path& root) {
  std::vector<std::string> tops = library_modules();
  tops.insert(tops.end(), {"tests", "examples", "bench"});
  std::vector<SourceFile> files;
  for (const std::string& top : tops) {
    if (!std::filesystem::is_directory(root / top)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{root / top}) {
      const std::filesystem::path& path = entry.path();
      if (path.extension() != ".hpp" && path.extension() != ".cpp") continue;
      files.push_back(parse_source(path.lexically_relative(root).generic_string(), read_text(path)));
    }
  }
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

}  // namespace cairn::test
