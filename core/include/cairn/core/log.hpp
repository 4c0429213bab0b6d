#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <variant>

namespace cairn {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// "debug", "info", "warning", "error".
[[nodiscard]] std::string_view to_string(LogLevel level) noexcept;

/// One named fact beside a log event. A view: it lives for the log call.
struct LogField {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  LogField(std::string_view field, std::string_view text) : name{field}, value{text} {}
  LogField(std::string_view field, const char* text) : name{field}, value{std::string_view{text}} {}
  LogField(std::string_view field, std::same_as<bool> auto flag) : name{field}, value{flag} {}
  LogField(std::string_view field, std::signed_integral auto n) : name{field}, value{std::int64_t{n}} {}
  LogField(std::string_view field, std::unsigned_integral auto n)
    requires(!std::same_as<decltype(n), bool>)
      : name{field}, value{std::uint64_t{n}} {}
  LogField(std::string_view field, std::floating_point auto number) : name{field}, value{static_cast<double>(number)} {}

  std::string_view name;
  Value value;
};

/// Where the library tells operators what it did. Events have stable names ("store.opened") and fields; names,
/// positions, counts and durations are fine, payloads and secrets never appear.
/// Thread-safe. Logging cannot fail: an implementation that cannot write drops the record.
class Logger {
 public:
  virtual ~Logger() = default;
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  /// Whether a record of `level` would be kept; ask before work done for the record alone.
  [[nodiscard]] virtual bool enabled(LogLevel level) const noexcept = 0;
  /// Writes one record. `fields` are read during the call only.
  virtual void log(LogLevel level, std::string_view event, std::span<const LogField> fields) noexcept = 0;

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    log(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    log(LogLevel::info, event, fields);
  }
  void warning(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    log(LogLevel::warning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    log(LogLevel::error, event, fields);
  }

 protected:
  Logger() = default;
};

/// A Logger that keeps nothing. Stateless, lives for ever.
[[nodiscard]] Logger& null_logger() noexcept;

}  // namespace cairn
