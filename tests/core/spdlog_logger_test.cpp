#include <cairn/core/log/spdlog.hpp>

#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

namespace cairn {
namespace {

using namespace std::string_view_literals;

class SpdlogLogger : public testing::Test {
 public:
  SpdlogLogger() { std::filesystem::create_directory(directory_); }
  ~SpdlogLogger() override { std::filesystem::remove_all(directory_); }

 protected:
  [[nodiscard]] std::string file() const { return (directory_ / "cairn.log").string(); }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::ifstream in{file()};
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }

 private:
  std::filesystem::path directory_ =
      std::filesystem::path{testing::TempDir()} / ("cairn_log_" + std::to_string(::getpid()));
};

TEST_F(SpdlogLogger, WritesOneLineWithTimeLevelEventAndFields) {
  {
    const auto logger = make_spdlog_logger({.level = LogLevel::info, .file = file()}).value();
    logger->info("store.opened",
                 {{"file", "bank.db"}, {"position", std::uint64_t{7}}, {"ms", 1.5}, {"new", false}, {"d", -1}});
  }
  ASSERT_EQ(lines().size(), 1U);
  EXPECT_TRUE(std::regex_match(lines()[0],
                               std::regex{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z info )"
                                          R"re(store\.opened file="bank\.db" position=7 ms=1\.5 new=false d=-1)re"}))
      << lines()[0];
}

TEST_F(SpdlogLogger, WhatStandsInAValueCannotForgeALine) {
  {
    const auto logger = make_spdlog_logger({.level = LogLevel::info, .file = file()}).value();
    logger->warning("bad.row", {{"text", "a\"b\\c\nd\re\tf\0g\x7f{}%v\xC3\xA9"sv}});
  }
  ASSERT_EQ(lines().size(), 1U);
  EXPECT_TRUE(lines()[0].ends_with("warning bad.row text=\"a\\\"b\\\\c\\nd\\re\\tf\\x00g\\x7f{}%v\xC3\xA9\""))
      << lines()[0];
}

TEST_F(SpdlogLogger, LeavesOutWhatIsBelowItsLevel) {
  {
    const auto logger = make_spdlog_logger({.level = LogLevel::warning, .file = file()}).value();
    EXPECT_FALSE(logger->enabled(LogLevel::info));
    EXPECT_TRUE(logger->enabled(LogLevel::warning));
    EXPECT_TRUE(logger->enabled(LogLevel::error));
    logger->info("left.out");
    logger->error("kept");
  }
  ASSERT_EQ(lines().size(), 1U);
  EXPECT_TRUE(lines()[0].ends_with(" error kept"));
}

TEST_F(SpdlogLogger, AppendsToAFileThatIsThere) {
  for (int i = 0; i < 2; ++i) make_spdlog_logger({.level = LogLevel::info, .file = file()}).value()->info("again");
  EXPECT_EQ(lines().size(), 2U);
}

TEST_F(SpdlogLogger, AFileItCannotOpenIsAnError) {
  const auto logger =
      make_spdlog_logger({.level = LogLevel::info, .file = std::filesystem::path{file()}.parent_path().string()});
  ASSERT_FALSE(logger.has_value());
  EXPECT_EQ(logger.error().code(), Errc::unavailable);
}

}  // namespace
}  // namespace cairn
