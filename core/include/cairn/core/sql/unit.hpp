#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

#include <cairn/core/call_user.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/sql_reader.hpp>

namespace cairn {

namespace sql {
class GroupCommit;
}

/// One all-or-nothing piece of writing, run on the writer's thread inside a savepoint of a group transaction.
/// What a unit writes is seen by its own later reads at once and by everybody else when its group is durable.
/// The function that fills a unit may run more than once and must have no outside effect. Calling a blocking
/// store function (Database::write, Database::read, EventStore::append without a unit) from inside is an error
/// that names the call.
class Unit final : public SqlReader {
 public:
  /// Runs a statement to its end, skipping rows it returns; gives the number of rows it changed.
  /// Errors: those of SqlReader, and already_exists (a UNIQUE or PRIMARY KEY constraint), invalid (any other
  /// constraint), storage_full.
  Result<std::int64_t> exec(std::string_view sql, std::initializer_list<SqlValue> args = {});

  /// Runs `f` (returning Result<T> or T) in a savepoint of its own: when it fails or throws, what it wrote is
  /// undone and its error returned, and the unit goes on.
  template <class F>
  auto nested(F&& f) -> decltype(call_user("nested", std::forward<F>(f))) {
    if (auto opened = open_savepoint(); !opened) return std::move(opened).error();
    auto result = call_user("nested", std::forward<F>(f));
    if (auto closed = close_savepoint(result.has_value()); !closed) return std::move(closed).error();
    return result;
  }

  /// Raised by recover(): caches filled under an older epoch are stale.
  [[nodiscard]] std::uint64_t epoch() const noexcept;

 private:
  friend class sql::GroupCommit;
  Unit(sql::Connection& connection, sql::GroupCommit& group) noexcept : SqlReader{connection}, group_{&group} {}
  Result<void> open_savepoint();
  Result<void> close_savepoint(bool keep);

  sql::GroupCommit* group_;
};

}  // namespace cairn
