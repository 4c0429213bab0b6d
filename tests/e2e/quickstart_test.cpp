// The first program a newcomer sees prints what the README says it prints.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "e2e/program_run.hpp"
#include "support/scratch_folder.hpp"

namespace cairn::test {
namespace {

const std::filesystem::path quickstart_folder = std::filesystem::path{CAIRN_SOURCE_DIR} / "examples/quickstart";

TEST(Quickstart, PrintsTheExpectedOutput) {
  const ScratchFolder folder;
  const ProgramRun run = run_program(CAIRN_QUICKSTART, {}, folder.path());
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out, read_whole(quickstart_folder / "expected_output.txt"));
  EXPECT_EQ(run.err, "");
}

TEST(Quickstart, ReadmeShowsItsSourceAndOutput) {
  const std::string readme = read_whole(std::filesystem::path{CAIRN_SOURCE_DIR} / "README.md");
  const std::string source = read_whole(quickstart_folder / "quickstart.cpp");
  const std::string output = read_whole(quickstart_folder / "expected_output.txt");
  EXPECT_NE(readme.find("```cpp\n" + source + "```\n"), std::string::npos);
  EXPECT_NE(readme.find("```text\n" + output + "```\n"), std::string::npos);
}

TEST(Quickstart, KeepsTheAccountInOneFile) {
  const ScratchFolder folder;
  ASSERT_EQ(run_program(CAIRN_QUICKSTART, {}, folder.path()).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "bank.db"));
}

TEST(Quickstart, SecondRunIsRefusedTheOpeningAndChangesNothing) {
  const ScratchFolder folder;
  const ProgramRun first = run_program(CAIRN_QUICKSTART, {}, folder.path());
  const ProgramRun second = run_program(CAIRN_QUICKSTART, {}, folder.path());
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(second.out.substr(0, second.out.find('\n')),
            "conflict: append account-ann: expected no stream, actual revision 1");
  EXPECT_EQ(second.out.substr(second.out.find('\n')), first.out.substr(first.out.find('\n')));
}

}  // namespace
}  // namespace cairn::test
