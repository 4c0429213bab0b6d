#include <cairn/core/log/spdlog.hpp>

#include <utility>
#include <variant>

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace cairn {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

void append_quoted(fmt::memory_buffer& line, std::string_view text) {
  line.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"': line.append(std::string_view{"\\\""}); break;
      case '\\': line.append(std::string_view{"\\\\"}); break;
      case '\n': line.append(std::string_view{"\\n"}); break;
      case '\r': line.append(std::string_view{"\\r"}); break;
      case '\t': line.append(std::string_view{"\\t"}); break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          fmt::format_to(fmt::appender{line}, "\\x{:02x}", static_cast<unsigned char>(c));
        } else {
          line.push_back(c);
        }
    }
  }
  line.push_back('"');
}

struct AppendValue {
  void operator()(std::string_view text) const { append_quoted(line, text); }
  void operator()(auto number) const { fmt::format_to(fmt::appender{line}, "{}", number); }
  fmt::memory_buffer& line;
};

class SpdlogLogger final : public Logger {
 public:
  SpdlogLogger(spdlog::sink_ptr sink, LogLevel level) : logger_{"cairn", std::move(sink)} {
    logger_.set_level(to_spdlog(level));
    logger_.flush_on(spdlog::level::warn);
    logger_.set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%fZ %l %v", spdlog::pattern_time_type::utc));
  }

  [[nodiscard]] bool enabled(LogLevel level) const noexcept override { return logger_.should_log(to_spdlog(level)); }

  void log(LogLevel level, std::string_view event, std::span<const LogField> fields) noexcept override {
    if (!enabled(level)) return;
    fmt::memory_buffer line;
    line.append(event);
    for (const LogField& field : fields) {
      line.push_back(' ');
      line.append(field.name);
      line.push_back('=');
      std::visit(AppendValue{line}, field.value);
    }
    logger_.log(to_spdlog(level), spdlog::string_view_t{line.data(), line.size()});
  }

 private:
  spdlog::logger logger_;
};

}  // namespace

Result<std::unique_ptr<Logger>> make_spdlog_logger(const SpdlogOptions& options) {
  try {
    spdlog::sink_ptr sink;
    if (options.file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
    }
    return std::make_unique<SpdlogLogger>(std::move(sink), options.level);
  } catch (const spdlog::spdlog_ex& thrown) {
    return Error{Errc::unavailable, fmt::format("open log file {}: {}", options.file, thrown.what())};
  }
}

}  // namespace cairn
