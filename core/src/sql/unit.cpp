#include <cairn/core/sql/unit.hpp>

#include "sql/connection.hpp"
#include "sql/group_commit.hpp"

namespace cairn {

Result<std::int64_t> Unit::exec(std::string_view sql, std::initializer_list<SqlValue> args) {
  return connection().exec(sql, {args.begin(), args.size()});
}

Result<void> Unit::open_savepoint() { return group_->open_savepoint(); }

Result<void> Unit::close_savepoint(bool keep) { return group_->close_savepoint(keep); }

std::uint64_t Unit::epoch() const noexcept { return group_->epoch(); }

}  // namespace cairn
