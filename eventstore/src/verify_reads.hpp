#pragma once

#include <cstddef>
#include <utility>

#include <cairn/core/call_user.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/eventstore/verify.hpp>

#include "log_fetch.hpp"
#include "sqlite_log.hpp"
#include "step_buffer.hpp"

namespace cairn::log {

/// What the parts of a verify share: the log as it was when it began, short transactions, and who is told.
class VerifyReads {
 public:
  /// Index rows looked at in one transaction.
  static constexpr std::size_t rows_step = 256;
  static constexpr std::size_t buffer_bytes = 4U << 20U;

  VerifyReads(const SqliteLog& log, const VerifyOptions& options)
      : log_{log}, options_{options}, snapshot_{log.snapshot()} {}

  [[nodiscard]] const SqliteLog& log() const noexcept { return log_; }
  [[nodiscard]] const LogSnapshot& snapshot() const noexcept { return snapshot_; }
  [[nodiscard]] StepBuffer& buffer() noexcept { return buffer_; }

  /// Runs `f(SqlReader&, LogFetch&)` in a short transaction. Errors besides those of `f`: cancelled.
  template <class F>
  Result<void> read(F&& f) {
    if (options_.stop.stop_requested()) return Error{Errc::cancelled, "verify: stopped"};
    auto transaction = log_.database().read();
    if (!transaction) return std::move(transaction).error();
    buffer_.reset(buffer_bytes);
    LogFetch fetch{*transaction, snapshot_, buffer_};
    return f(static_cast<SqlReader&>(*transaction), fetch);
  }
  /// Errors: those of the caller's function.
  Result<void> tell(const VerifyProgress& progress) const {
    if (!options_.on_progress) return {};
    return call_user("on_progress", [&] { options_.on_progress(progress); });
  }

 private:
  const SqliteLog& log_;
  const VerifyOptions& options_;
  const LogSnapshot snapshot_;
  StepBuffer buffer_;
};

}  // namespace cairn::log
