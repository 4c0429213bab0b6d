#include <cairn/core/log.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace cairn {
namespace {

struct Seen {
  LogLevel level;
  std::string event;
  std::vector<std::string> names;
};

struct RecordingLogger final : Logger {
  [[nodiscard]] bool enabled(LogLevel) const noexcept override { return true; }
  void log(LogLevel level, std::string_view event, std::span<const LogField> fields) noexcept override {
    Seen record{level, std::string{event}, {}};
    for (const LogField& field : fields) record.names.emplace_back(field.name);
    seen.push_back(std::move(record));
  }
  std::vector<Seen> seen;
};

TEST(Logger, ShortFormsPassLevelEventAndFieldsOn) {
  RecordingLogger logger;
  logger.debug("index.flushed");
  logger.info("store.opened", {{"file", "bank.db"}, {"position", std::uint64_t{7}}});
  logger.warning("unit.slow", {{"ms", 9.5}});
  logger.error("store.fenced", {{"again", true}});
  ASSERT_EQ(logger.seen.size(), 4U);
  EXPECT_EQ(logger.seen[0].level, LogLevel::debug);
  EXPECT_EQ(logger.seen[1].level, LogLevel::info);
  EXPECT_EQ(logger.seen[1].event, "store.opened");
  EXPECT_EQ(logger.seen[1].names, (std::vector<std::string>{"file", "position"}));
  EXPECT_EQ(logger.seen[2].level, LogLevel::warning);
  EXPECT_EQ(logger.seen[3].level, LogLevel::error);
}

TEST(LogField, KeepsTheKindOfItsValue) {
  EXPECT_EQ(std::get<std::string_view>(LogField("n", "text").value), "text") << "not bool";
  EXPECT_EQ(std::get<std::string_view>(LogField("n", std::string{"text"}).value), "text");
  EXPECT_EQ(std::get<std::int64_t>(LogField("n", -3).value), -3);
  EXPECT_EQ(std::get<std::uint64_t>(LogField("n", std::size_t{3}).value), 3U);
  EXPECT_EQ(std::get<std::uint64_t>(LogField("n", std::uint32_t{3}).value), 3U);
  EXPECT_EQ(std::get<double>(LogField("n", 0.5F).value), 0.5);
  EXPECT_EQ(std::get<bool>(LogField("n", true).value), true);
}

template <class T>
concept Loggable = std::constructible_from<LogField, std::string_view, T>;
static_assert(Loggable<const char*> && Loggable<int> && Loggable<bool> && Loggable<double>);
static_assert(!Loggable<void*>, "a pointer is not a fact; it must not become bool");
static_assert(!Loggable<std::vector<std::byte>>, "payloads do not belong into the log");

TEST(NullLogger, WantsNothing) {
  for (const LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    EXPECT_FALSE(null_logger().enabled(level)) << to_string(level);
  }
  null_logger().error("nobody.listens", {{"n", 1}});
}

TEST(LogLevel, HasAName) {
  EXPECT_EQ(to_string(LogLevel::debug), "debug");
  EXPECT_EQ(to_string(LogLevel::info), "info");
  EXPECT_EQ(to_string(LogLevel::warning), "warning");
  EXPECT_EQ(to_string(LogLevel::error), "error");
}

}  // namespace
}  // namespace cairn
