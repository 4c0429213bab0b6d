// The style rules over this repository. What breaks one for a good reason is in exceptions.txt, with the reason.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "style/source_file.hpp"
#include "style/style_rules.hpp"

namespace cairn::test {
namespace {

namespace fs = std::filesystem;

const fs::path& root() {
  static const fs::path path{CAIRN_SOURCE_DIR};
  return path;
}

const std::vector<SourceFile>& tree() {
  static const std::vector<SourceFile> files = read_sources(root());
  return files;
}

struct Exception {
  std::string rule;
  std::string path;
  std::string reason;
};

std::vector<Exception> exceptions() {
  std::vector<Exception> all;
  std::istringstream text{read_text(root() / "tests/style/exceptions.txt")};
  for (std::string line; std::getline(text, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    std::istringstream words{line};
    Exception exception;
    words >> exception.rule >> exception.path >> std::ws;
    std::getline(words, exception.reason);
    all.push_back(exception);
  }
  return all;
}

std::vector<Finding> all_findings() {
  std::vector<Finding> all;
  const auto add = [&](std::vector<Finding> more) { all.insert(all.end(), more.begin(), more.end()); };
  for (const SourceFile& file : tree()) {
    add(include_direction(file));
    add(third_party(file));
    add(own_header(file, tree()));
    add(length(file));
    add(banned(file));
    add(name(file));
  }
  for (const std::string& module : library_modules()) {
    const std::string path = module + "/CMakeLists.txt";
    add(link_direction(path, read_text(root() / path)));
  }
  return all;
}

void expect_none(const std::string& rule) {
  ASSERT_FALSE(tree().empty()) << "no sources below " << root();
  std::set<std::string> excepted;
  for (const Exception& exception : exceptions()) {
    if (exception.rule == rule) excepted.insert(exception.path);
  }
  for (const Finding& finding : all_findings()) {
    if (finding.rule != rule || excepted.contains(finding.path)) continue;
    ADD_FAILURE() << finding.path << ":" << finding.line << ": " << finding.what;
  }
}

TEST(SourceTree, ModulesUseOnlyWhatStandsToTheirLeft) { expect_none("include_direction"); }
TEST(SourceTree, PublicHeadersNameNoThirdParty) { expect_none("third_party"); }
TEST(SourceTree, SourcesIncludeTheirOwnHeaderFirst) { expect_none("own_header"); }
TEST(SourceTree, FilesStayShort) { expect_none("length"); }
TEST(SourceTree, NoBannedCalls) { expect_none("banned"); }
TEST(SourceTree, FilesAreNamedAfterOneConcept) { expect_none("name"); }

TEST(SourceTree, PublicHeadersAreSmallInTheMedian) {
  std::vector<std::size_t> lengths;
  for (const SourceFile& file : tree()) {
    if (file.is_public_header()) lengths.push_back(file.lines.size());
  }
  ASSERT_FALSE(lengths.empty());
  std::ranges::nth_element(lengths, lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2));
  EXPECT_LE(lengths[lengths.size() / 2], 100U);
}

TEST(SourceTree, EveryModuleHasAReadme) {
  for (const std::string& module : library_modules()) {
    if (fs::exists(root() / module / "CMakeLists.txt")) {
      EXPECT_TRUE(fs::exists(root() / module / "README.md")) << module;
    }
  }
}

TEST(StyleExceptions, EachHasAReasonAndIsStillNeeded) {
  const std::vector<Finding> findings = all_findings();
  for (const Exception& exception : exceptions()) {
    EXPECT_FALSE(exception.reason.empty()) << exception.rule << " " << exception.path;
    EXPECT_TRUE(std::ranges::any_of(
        findings,
        [&](const Finding& finding) { return finding.rule == exception.rule && finding.path == exception.path; }))
        << "remove it, nothing breaks the rule any more: " << exception.rule << " " << exception.path;
  }
}

}  // namespace
}  // namespace cairn::test
