#include "style/style_rules.hpp"

#include <gmock/gmock.h>

namespace cairn::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

auto finding(std::size_t line, const std::string& what) {
  return AllOf(Field("line", &Finding::line, line), Field("what", &Finding::what, HasSubstr(what)));
}

TEST(IncludeDirection, RefusesAModuleToTheRight) {
  const auto file = parse_source("core/src/row.cpp", "#include <vector>\n#include <cairn/eventstore/revision.hpp>\n");
  EXPECT_THAT(include_direction(file), ElementsAre(finding(2, "core may not use eventstore")));
}

TEST(IncludeDirection, AllowsTheModuleItselfAndThoseToItsLeft) {
  const auto file = parse_source("dlq/src/letter.cpp",
                                 "#include <cairn/dlq/letter.hpp>\n#include <cairn/eventstore/revision.hpp>\n"
                                 "#include <cairn/core/error.hpp>\n");
  EXPECT_THAT(include_direction(file), IsEmpty());
}

TEST(IncludeDirection, KeepsCqrsAndProjectionsApart) {
  const auto cqrs = parse_source("cqrs/src/bus.cpp", "#include <cairn/projections/projection.hpp>\n");
  const auto projections = parse_source("projections/src/view.cpp", "#include <cairn/cqrs/bus.hpp>\n");
  EXPECT_THAT(include_direction(cqrs), ElementsAre(finding(1, "cqrs may not use projections")));
  EXPECT_THAT(include_direction(projections), ElementsAre(finding(1, "projections may not use cqrs")));
}

TEST(IncludeDirection, RefusesPrivateFoldersOfOthers) {
  const auto file =
      parse_source("eventstore/src/log.cpp", "#include \"../../core/src/sha1.hpp\"\n#include \"core/src/sha1.hpp\"\n");
  EXPECT_THAT(include_direction(file), ElementsAre(finding(1, "private folder"), finding(2, "private folder")));
}

TEST(IncludeDirection, IgnoresIncludesInCommentsAndLiterals) {
  const auto file = parse_source("core/src/row.cpp",
                                 "/*\n#include <cairn/dlq/letter.hpp>\n*/\nconst char* text = R\"x(\n"
                                 "#include <cairn/dlq/letter.hpp>\n)x\";\n");
  EXPECT_THAT(include_direction(file), IsEmpty());
}

TEST(LinkDirection, SaysTheSameAsTheIncludes) {
  EXPECT_THAT(link_direction("core/CMakeLists.txt", "cairn_add_module(core\n  LINKS_PUBLIC cairn::eventstore)"),
              ElementsAre(finding(2, "core may not link to eventstore")));
  EXPECT_THAT(link_direction("eventstore/CMakeLists.txt", "LINKS_PUBLIC cairn::core"), IsEmpty());
}

TEST(ThirdParty, StaysOutOfPublicHeaders) {
  const auto file =
      parse_source("core/include/cairn/core/row.hpp",
                   "#include <vector>\n#include <sqlite3.h>\n#include <fmt/core.h>\n#include \"row.hpp\"\n"
                   "#include <cairn/core/error.hpp>\n");
  EXPECT_THAT(third_party(file), ElementsAre(finding(2, "sqlite3.h"), finding(3, "fmt/core.h"), finding(4, "row.hpp")));
}

TEST(ThirdParty, IsFreeInSources) {
  EXPECT_THAT(third_party(parse_source("core/src/row.hpp", "#include <sqlite3.h>\n")), IsEmpty());
}

TEST(OwnHeader, ComesFirst) {
  const std::vector<SourceFile> tree{parse_source("core/include/cairn/core/sql/row.hpp", ""),
                                     parse_source("core/src/sql/page.hpp", "")};
  const auto late = parse_source("core/src/sql/row.cpp", "#include <vector>\n#include <cairn/core/sql/row.hpp>\n");
  const auto first = parse_source("core/src/sql/row.cpp", "#include <cairn/core/sql/row.hpp>\n#include <vector>\n");
  const auto hidden = parse_source("core/src/sql/page.cpp", "#include \"sql/page.hpp\"\n#include <vector>\n");
  const auto alone = parse_source("core/src/sql/main.cpp", "#include <vector>\n");
  EXPECT_THAT(own_header(late, tree), ElementsAre(finding(1, "includes vector before")));
  EXPECT_THAT(own_header(first, tree), IsEmpty());
  EXPECT_THAT(own_header(hidden, tree), IsEmpty());
  EXPECT_THAT(own_header(alone, tree), IsEmpty());
}

TEST(Length, CountsEveryLineOfAFile) {
  const auto lines = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += "// x\n";
    return text;
  };
  EXPECT_THAT(length(parse_source("core/include/cairn/core/a.hpp", lines(250))), IsEmpty());
  EXPECT_THAT(length(parse_source("core/include/cairn/core/a.hpp", lines(251))),
              ElementsAre(finding(251, "at most 250")));
  EXPECT_THAT(length(parse_source("core/src/a.cpp", lines(500))), IsEmpty());
  EXPECT_THAT(length(parse_source("core/src/a.cpp", lines(501))), ElementsAre(finding(501, "at most 500")));
}

TEST(Banned, SeesCallsOnlyInCode) {
  const auto file = parse_source("eventstore/src/log.cpp",
                                 "// system_clock::now() is Clock's\n"
                                 "auto text = \"sleep_for\"; char quote = '\"'; int big = 1'000;\n"
                                 "auto now = std::chrono::system_clock::now();\n"
                                 "std::this_thread::sleep_for(1s);\n"
                                 "try { f(); } catch (...) {}\n");
  EXPECT_THAT(banned(file),
              ElementsAre(finding(3, "system_clock::now"), finding(4, "sleep_for"), finding(5, "catch (...)")));
}

TEST(Banned, DependsOnTheKindOfFile) {
  const std::string text = "auto start = std::chrono::steady_clock::now();\nstd::printf(\"done\");\n";
  EXPECT_THAT(banned(parse_source("core/src/a.cpp", text)),
              ElementsAre(finding(1, "steady_clock"), finding(2, "printf")));
  EXPECT_THAT(banned(parse_source("bench/a_bench.cpp", text)), IsEmpty());
}

TEST(Banned, SparesLongerWords) {
  EXPECT_THAT(banned(parse_source("core/src/a.cpp", "std::snprintf(buffer, size, \"%d\", 1);\n")), IsEmpty());
}

TEST(Name, RefusesVagueAndShoutingNames) {
  EXPECT_THAT(name(parse_source("core/src/utils.cpp", "")), ElementsAre(finding(1, "the one concept")));
  EXPECT_THAT(name(parse_source("core/src/RowReader.cpp", "")), ElementsAre(finding(1, "snake_case")));
  EXPECT_THAT(name(parse_source("core/src/row_reader.cpp", "")), IsEmpty());
}

TEST(Name, WantsPragmaOnceFirst) {
  EXPECT_THAT(name(parse_source("core/src/row.hpp", "#include <vector>\n#pragma once\n")),
              ElementsAre(finding(1, "#pragma once")));
  EXPECT_THAT(name(parse_source("core/src/row.hpp", "// Rows.\n#pragma once\n")), IsEmpty());
}

}  // namespace
}  // namespace cairn::test
