#include "log_cursor.hpp"

#include "index_plan.hpp"
#include "sqlite_log.hpp"

namespace cairn::log {

std::unique_ptr<detail::LogCursor> make_log_cursor(const SqliteLog& log, Unit* unit, ReadAll options) {
  const auto types = unit == nullptr ? log.types() : log.writer_types();
  const auto categories = unit == nullptr ? log.categories() : log.writer_categories();
  const bool indexed = IndexPlan::make(options.filter, *types, *categories, unit != nullptr).has_value();
  return indexed ? make_index_cursor(log, unit, std::move(options)) : make_scan_cursor(log, unit, std::move(options));
}

}  // namespace cairn::log
