#pragma once

#include <memory>
#include <string>

#include <cairn/core/log.hpp>
#include <cairn/core/result.hpp>

namespace cairn {

struct SpdlogOptions {
  LogLevel level = LogLevel::info;
  /// File to append to; empty means stderr.
  std::string file;
};

/// A Logger that writes lines through spdlog, each flushed from warning on:
///
///     2026-01-01T12:00:00.000000Z info store.opened file="bank.db" position=7
///
/// Times are UTC, by the machine's clock. Text values are quoted, with \" \\ \n \r \t and \xNN escapes, so a record
/// is always one line. Errors: unavailable (the file cannot be opened for appending).
[[nodiscard]] Result<std::unique_ptr<Logger>> make_spdlog_logger(const SpdlogOptions& options = {});

}  // namespace cairn
